{{/*
A pod of `helm test`: the program's own image asks the running one how it is. One container a pod, as helm reads the log of
no other. Takes (list $ component's values (dict "name" "args" "env")).
*/}}
{{- define "kos.testPod" -}}
{{- $root := index . 0 -}}
{{- $component := index . 1 -}}
{{- $own := index . 2 -}}
apiVersion: v1
kind: Pod
metadata:
  {{- include "kos.metadata" (list $root "test" $own.name) | nindent 2 }}
  annotations:
    helm.sh/hook: test
    helm.sh/hook-delete-policy: before-hook-creation
spec:
  {{- include "kos.podSpec" (list $root (include "kos.placement" $component | fromYaml) $root.Values.runAsUser) | nindent 2 }}
  restartPolicy: Never
  activeDeadlineSeconds: {{ add 30 (int64 $root.Values.test.timeoutSeconds) }}
  containers:
    - name: probe
      image: {{ include "kos.image" (list $root $component.image) }}
      imagePullPolicy: {{ $component.image.pullPolicy }}
      securityContext:
        {{- include "kos.securityContext" $root | nindent 8 }}
      args:
        {{- concat $own.args (list "--within" (printf "%ds" (int64 $root.Values.test.timeoutSeconds))) | toYaml | nindent 8 }}
      {{- with $own.env }}
      env:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      resources:
        {{- toYaml $root.Values.test.resources | nindent 8 }}
      volumeMounts:
        - {name: tmp, mountPath: /tmp}
  volumes:
    - name: tmp
      emptyDir: {sizeLimit: 64Mi}
{{- end -}}
