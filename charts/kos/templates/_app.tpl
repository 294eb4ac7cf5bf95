{{/* What the program knows, from its table of flags. */}}
{{- define "kos.flags" -}}
{{- .Files.Get "files/flags.yaml" -}}
{{- end -}}

{{/* Not empty where the topics are the arcade's, whose program has flags of its own, and a generator. */}}
{{- define "kos.arcade" -}}
{{- if and (has "GAME-FRAME-RQ" .Values.inputTopics) (has "GAME-FRAME-RS" .Values.inputTopics) }}true{{ end -}}
{{- end -}}

{{/* The name of what is of the whole application: kos-<kind>, or behind another application's name. */}}
{{- define "kos.extraName" -}}
{{- $root := index . 0 -}}
{{- $kind := index . 1 -}}
{{- if eq $root.Values.app.name "kstreams" -}}
{{- include "kos.fullname" (list $root (printf "kos%s" $kind)) -}}
{{- else -}}
{{- include "kos.fullname" (list $root (printf "%s%s" $root.Values.app.name $kind)) -}}
{{- end -}}
{{- end -}}

{{/* The ConfigMap of the adapter's rules; among those of other namespaces it has the release's in its name. */}}
{{- define "kos.adapterRuleName" -}}
{{- $name := include "kos.extraName" (list . "-adapter-rule") -}}
{{- $elsewhere := .Values.metrics.adapterRule.namespace -}}
{{- if and $elsewhere (ne $elsewhere .Release.Namespace) -}}
{{- printf "%s-%s" $name .Release.Namespace -}}
{{- else -}}
{{- $name -}}
{{- end -}}
{{- end -}}

{{/* A flag's variable: of camelCase, or of the flag's own name. As src/cli has it, not as snakecase, which parts h2o. */}}
{{- define "kos.variable" -}}
KOS_{{ regexReplaceAll "([A-Z])" . "_${1}" | replace "-" "_" | upper }}
{{- end -}}

{{/* Variables of a map of flags' names to variables, with the block's values. Takes (list map block). */}}
{{- define "kos.flagData" -}}
{{- $block := index . 1 -}}
{{- range $key, $variable := index . 0 }}
{{- $value := get $block $key }}
{{- if not (or (kindIs "invalid" $value) (eq (toString $value) "")) }}
{{ $variable }}: {{ include "kos.number" $value | quote }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "kos.appData" -}}
{{- $flags := include "kos.flags" . | fromYaml -}}
{{- include "kos.connectionData" . | trim }}
{{- include "kos.flagData" (list $flags.app.values .Values.app) }}
KOS_METRICS_LEVEL: {{ .Values.metrics.level | quote }}
{{- /* 6 s are for the last commit and leaving the group. */}}
KOS_LEAVE_WITHIN: {{ printf "%ds" (max 0 (sub (int64 .Values.app.terminationGracePeriodSeconds) (add 6 (int64 .Values.app.preStopSleepSeconds)))) }}
{{- if include "kos.stateVolume" . }}
KOS_STATE_DIR: /var/lib/kos/state
{{- end }}
{{- $own := dict -}}
{{- if include "kos.arcade" . -}}
{{- range $key, $variable := $flags.app.arcade -}}
{{- $own = set $own $key (get $.Values.app $key) -}}
{{- end -}}
{{- end -}}
{{- range $name, $value := merge (deepCopy (.Values.app.flags | default dict)) $own }}
{{- if ne (toString $value) "" }}
{{ include "kos.variable" $name }}: {{ include "kos.number" $value | quote }}
{{- end }}
{{- end }}
{{- end -}}

{{/* What only the running application has, beside the data above. */}}
{{- define "kos.storesData" -}}
{{- if include "kos.stores" . }}
KOS_STORES_PORT: {{ include "kos.storesPort" . | quote }}
KOS_STORES_HOST: {{ .Values.metrics.host | quote }}
{{- include "kos.fileVariables" (include "kos.storesFiles" .) }}
{{- end }}
{{- end -}}

{{- define "kos.generatorData" -}}
{{- $flags := include "kos.flags" . | fromYaml -}}
{{- include "kos.connectionData" . | trim }}
{{- with .Values.generator }}
{{- if .profile }}
KOS_PROFILE: {{ .profile | quote }}
{{- else }}
KOS_RATE: {{ include "kos.number" .rate | quote }}
{{- end }}
{{- include "kos.flagData" (list $flags.generator.values .) }}
KOS_CONTROL_PORT: "9011"
KOS_CONTROL_HOST: {{ ternary $.Values.metrics.host "127.0.0.1" .control.expose | quote }}
{{- include "kos.fileVariables" (include "kos.controlFiles" $) }}
{{- end }}
{{- end -}}

{{/* Not empty where stores are kept on disk, or may be: the root file system is read-only. */}}
{{- define "kos.stateVolume" -}}
{{- if or (eq .Values.app.store "sqlite") (eq .Values.app.onStateFull "disk") }}true{{ end -}}
{{- end -}}

{{/* Not empty where each pod keeps its volume. */}}
{{- define "kos.stateClaims" -}}
{{- if eq .Values.app.workload "StatefulSet" }}{{ include "kos.stateVolume" . }}{{ end -}}
{{- end -}}

{{/*
The replicas to write; nothing leaves them to what scales the application. A field that was in the last release and is not in this
one is set to its default, 1: so where it was, which an annotation says, the live number is written, from then on. So it is where
KEDA has taken the last pod away and a HorizontalPodAutoscaler, which leaves 0 as it is, comes after it; and where a StatefulSet
takes a Deployment's place, or the other way round.
*/}}
{{- define "kos.replicas" -}}
{{- if not (include "kos.scaler" .) -}}
{{- int64 .Values.app.replicas -}}
{{- else -}}
{{- $live := lookup "apps/v1" .Values.app.workload .Release.Namespace (include "kos.fullname" (list . .Values.app.name)) -}}
{{- if $live -}}
{{- $asleep := and (eq (include "kos.scaler" .) "hpa") (eq (int64 $live.spec.replicas) 0) (include "kos.wasKeda" .) -}}
{{- if or $asleep (hasKey ($live.metadata.annotations | default dict) "kos/replicas-written") -}}
{{- max (int64 .Values.autoscaling.minReplicas) (int64 $live.spec.replicas) -}}
{{- end -}}
{{- else -}}
{{- $other := ternary "Deployment" "StatefulSet" (eq .Values.app.workload "StatefulSet") -}}
{{- $before := lookup "apps/v1" $other .Release.Namespace (include "kos.fullname" (list . .Values.app.name)) -}}
{{- if include "kos.isOurs" (list . $before) -}}
{{- max (int64 .Values.autoscaling.minReplicas) (int64 $before.spec.replicas) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Not empty where KEDA scales the release now. */}}
{{- define "kos.wasKeda" -}}
{{- if .Capabilities.APIVersions.Has "keda.sh/v1alpha1" -}}
{{- include "kos.isOurs" (list . (lookup "keda.sh/v1alpha1" "ScaledObject" .Release.Namespace (include "kos.fullname" (list . .Values.app.name)))) -}}
{{- end -}}
{{- end -}}

{{/* Which Kafka it is, to tell two applications with one id apart that read different ones. */}}
{{- define "kos.kafkaIdentity" -}}
{{- $servers := include "kos.brokers" . -}}
{{- if not $servers -}}
{{- $secret := lookup "v1" "Secret" .Release.Namespace (include "kos.secret" .) -}}
{{- $servers = get (get $secret "data" | default dict) .Values.secretKeys.brokers | default "" | b64dec -}}
{{- end -}}
{{- default (printf "Secret %s" (include "kos.secret" .)) $servers | sha256sum | trunc 16 -}}
{{- end -}}

{{/* The name of a topic's metric that scales the application: src/metrics has the same rule. */}}
{{- define "kos.lagMetric" -}}
consumer_lag_{{ regexReplaceAll "[^a-z0-9]" (lower .) "_" }}
{{- end -}}

{{/* Whether a container asks for CPU: a limit is a request too, where there is no other. */}}
{{- define "kos.cpu" -}}
{{- range $kind := list "requests" "limits" }}{{ get (default dict (get $ $kind)) "cpu" }}{{ end -}}
{{- end -}}

{{- define "kos.loadMetric" -}}
kos_load
{{- end -}}

{{/*
The part of their capacity that pods can use at least, of those counts that may be: of four partitions three pods have two, one and
one, so they carry no more than two pods do. 1 where the topics are as they are.
*/}}
{{- define "kos.usableShare" -}}
{{- $partitions := int64 .Values.kafka.partitions -}}
{{- $share := 1.0 -}}
{{- if $partitions -}}
{{- range $pods := untilStep (int (max 1 (int64 .Values.autoscaling.minReplicas))) (int (add1 (int64 .Values.autoscaling.maxReplicas))) 1 -}}
{{- $most := ceil (divf $partitions $pods) -}}
{{- $share = minf $share (divf $partitions (mulf $pods $most)) -}}
{{- end -}}
{{- end -}}
{{- $share -}}
{{- end -}}

{{/* In whole thousandths, which is what a Kubernetes quantity has. */}}
{{- define "kos.loadThousandths" -}}
{{- int64 (round (mulf .Values.autoscaling.load.target 1000.0 (float64 (include "kos.usableShare" .))) 0) -}}
{{- end -}}

{{- define "kos.rateMetric" -}}
kos_streams_records_processed_per_second
{{- end -}}

{{/* Prometheus' matchers of the application's pods, and not of one whose name begins with this one's. */}}
{{- define "kos.podMatchers" -}}
{{- include "kos.matchers" (list . .Values.app.name .Values.app.workload) -}}
{{- end -}}

{{/* Takes (list $ component workload). */}}
{{- define "kos.matchers" -}}
{{- $root := index . 0 -}}
{{- $pod := ternary "-[0-9]+" "-[a-z0-9]+-?[a-z0-9]{5}" (eq (index . 2) "StatefulSet") -}}
{{- printf "namespace=%q,pod=~%q" $root.Release.Namespace (printf "%s%s" (include "kos.fullname" (list $root (index . 1))) $pod) -}}
{{- end -}}

{{/* What the pods of both programs mount. Takes (list $ component's values text-of-more-folders). */}}
{{- define "kos.volumeMounts" -}}
- {name: tmp, mountPath: /tmp}
{{- include "kos.fileMounts" (include "kos.connectionFiles" (index . 0)) }}
{{- include "kos.fileMounts" (index . 2) }}
{{- with (index . 1).extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "kos.volumes" -}}
- name: tmp
  emptyDir: {sizeLimit: 64Mi}
{{- include "kos.fileVolumes" (list (index . 0).Values.runAsUser (include "kos.connectionFiles" (index . 0))) }}
{{- include "kos.fileVolumes" (list (index . 0).Values.runAsUser (index . 2)) }}
{{- with (index . 1).extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}
