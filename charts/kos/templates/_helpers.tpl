{{/* The name of a component's objects: spec's names, or with fullnameOverride before them. Takes (list $ "kafka"). */}}
{{- define "kos.fullname" -}}
{{- $root := index . 0 -}}
{{- $component := index . 1 -}}
{{- if $root.Values.fullnameOverride -}}
{{- printf "%s-%s" ($root.Values.fullnameOverride | trunc 40 | trimSuffix "-") $component -}}
{{- else -}}
{{- $component -}}
{{- end -}}
{{- end -}}

{{/* Labels that never change: a selector's. Takes (list $ "kafka"). */}}
{{- define "kos.selectorLabels" -}}
app.kubernetes.io/name: {{ (index . 0).Chart.Name }}
{{- /* A release may be called 123. */}}
app.kubernetes.io/instance: {{ (index . 0).Release.Name | quote }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{/* The pods of this release's `helm test`, as kubectl selects them. */}}
{{- define "kos.testSelector" -}}
app.kubernetes.io/instance={{ .Release.Name }},app.kubernetes.io/component=test
{{- end -}}

{{/*
Labels of pods: without the chart's version, which would restart them with each new chart. Takes (list $ "kafka" and, where it
has some, the component's podLabels).
*/}}
{{- define "kos.podLabels" -}}
{{- $own := dict -}}
{{- if gt (len .) 2 }}{{ $own = index . 2 | default dict }}{{ end -}}
{{ include "kos.selectorLabels" . }}
{{ merge (dict) $own ((index . 0).Values.commonLabels | default dict) (dict "app.kubernetes.io/part-of" "kos") | toYaml }}
{{- end -}}

{{- define "kos.labels" -}}
{{- $root := index . 0 -}}
{{- $chart := dict
  "app.kubernetes.io/version" $root.Chart.AppVersion
  "app.kubernetes.io/part-of" "kos"
  "helm.sh/chart" (printf "%s-%s" $root.Chart.Name ($root.Chart.Version | replace "+" "_"))
-}}
{{ include "kos.selectorLabels" . }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
{{ merge (dict) ($root.Values.commonLabels | default dict) $chart | toYaml }}
{{- end -}}

{{/* An object's metadata. Takes (list $ "kafka" and, where they differ, name and namespace). */}}
{{- define "kos.metadata" -}}
{{- $component := index . 1 -}}
name: {{ if gt (len .) 2 }}{{ index . 2 }}{{ else }}{{ include "kos.fullname" . }}{{ end }}
namespace: {{ if gt (len .) 3 }}{{ index . 3 | quote }}{{ else }}{{ (index . 0).Release.Namespace | quote }}{{ end }}
labels:
  {{- include "kos.labels" . | nindent 2 }}
{{- end -}}

{{/* Takes (list $ .Values.app.image). */}}
{{- define "kos.image" -}}
{{- $image := index . 1 -}}
{{- if $image.digest -}}
{{- printf "%s@%s" $image.repository $image.digest -}}
{{- else -}}
{{- printf "%s:%s" $image.repository (default (index . 0).Chart.AppVersion $image.tag) -}}
{{- end -}}
{{- end -}}

{{/* The restricted pod security standard, for a pod. Takes a user id or null. */}}
{{- define "kos.podSecurityContext" -}}
runAsNonRoot: true
{{- if not (kindIs "invalid" .) }}
runAsUser: {{ int64 . }}
runAsGroup: {{ int64 . }}
fsGroup: {{ int64 . }}
fsGroupChangePolicy: OnRootMismatch
{{- end }}
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{/* The same, for a container. */}}
{{- define "kos.securityContext" -}}
allowPrivilegeEscalation: false
privileged: false
readOnlyRootFilesystem: true
runAsNonRoot: true
capabilities: {drop: [ALL]}
{{- end -}}

{{/* What all pods have but their containers. Takes (list $ component's values, user id). */}}
{{- define "kos.podSpec" -}}
{{- $root := index . 0 -}}
{{- $own := index . 1 -}}
automountServiceAccountToken: false
{{- with $root.Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
# A Service's variables would be taken for settings: KAFKA_PORT, SCHEMA_REGISTRY_PORT.
enableServiceLinks: false
securityContext:
  {{- include "kos.podSecurityContext" (index . 2) | nindent 2 }}
{{- with $own.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with $own.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $own.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $own.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* Of a component's values those that say on which nodes its image runs: for pods that run it besides. */}}
{{- define "kos.placement" -}}
{{- $placement := pick . "nodeSelector" "tolerations" "priorityClassName" -}}
{{- with (.affinity | default dict).nodeAffinity -}}
{{- $placement = set $placement "affinity" (dict "nodeAffinity" .) -}}
{{- end -}}
{{- toYaml $placement -}}
{{- end -}}

{{- define "kos.serviceAccountName" -}}
{{- $own := index . 2 -}}
{{- if $own.serviceAccount.name -}}
{{- $own.serviceAccount.name -}}
{{- else if $own.serviceAccount.create -}}
{{- include "kos.fullname" . -}}
{{- else -}}
default
{{- end -}}
{{- end -}}

{{/* Annotations of a pod with a metrics port. Takes (list $ component's values, what its environment comes from). */}}
{{- define "kos.podAnnotations" -}}
{{- $chart := dict "checksum/config" (index . 2 | sha256sum) -}}
{{- if eq (index . 0).Values.metrics.scrape "annotations" -}}
{{- $chart = merge $chart (dict "prometheus.io/scrape" "true" "prometheus.io/port" "9001" "prometheus.io/path" "/metrics") -}}
{{- end -}}
{{- merge (dict) ((index . 1).podAnnotations | default dict) $chart | toYaml -}}
{{- end -}}

{{/* Probes of a pod with a metrics port. Takes the component's values. */}}
{{- define "kos.probes" -}}
startupProbe:
  httpGet: {path: /healthz, port: metrics}
  {{- with .startupProbe }}{{ toYaml . | nindent 2 }}{{ end }}
livenessProbe:
  httpGet: {path: /healthz, port: metrics}
  {{- with .livenessProbe }}{{ toYaml . | nindent 2 }}{{ end }}
readinessProbe:
  httpGet: {path: /readyz, port: metrics}
  {{- with .readinessProbe }}{{ toYaml . | nindent 2 }}{{ end }}
{{- end -}}

{{/* A whole number without an exponent, or a word as it is: values arrive as floats. */}}
{{- define "kos.number" -}}
{{- if or (kindIs "string" .) (kindIs "bool" .) }}{{ . }}{{ else if eq (float64 .) (float64 (int64 .)) }}{{ int64 . }}{{ else }}{{ . }}{{ end }}
{{- end -}}

{{/* The adapter's rules: those of the values file for its chart, so that there is one text of them. */}}
{{- define "kos.adapterRules" -}}
rules:
  {{- ((.Files.Get "files/prometheus-adapter-values.yaml" | fromYaml).rules).custom | toYaml | nindent 2 }}
{{- end -}}
