{{/*
What the values leave open, decided by what the cluster has, and the same again by every upgrade. Offline (helm template)
nothing is found, so it is a Kafka of its own and the HorizontalPodAutoscaler.
*/}}

{{/* The Secret that `deno task secrets` makes. */}}
{{- define "kos.usualSecret" -}}
confluent-secrets
{{- end -}}

{{/* Whether an object that was looked up belongs to this release. Takes (list $ object). */}}
{{- define "kos.isOurs" -}}
{{- $labels := dig "metadata" "labels" (dict) (index . 1) | default dict -}}
{{- if eq (get $labels "app.kubernetes.io/instance" | toString) (index . 0).Release.Name -}}true{{- end -}}
{{- end -}}

{{/* `own`, `secret <name>`, or `named` where the values have brokers or a Secret, or neither. */}}
{{- define "kos.kafka" -}}
{{- if not (hasKey .Values "decidedKafka") -}}
{{- $_ := set .Values "decidedKafka" (include "kos.decideKafka" .) -}}
{{- end -}}
{{- .Values.decidedKafka -}}
{{- end -}}

{{- define "kos.decideKafka" -}}
{{- $kafka := .Values.kafka -}}
{{- $may := kindIs "invalid" $kafka.inCluster.enabled -}}
{{- if eq (toString $kafka.inCluster.enabled) "true" -}}
own
{{- else if or $kafka.brokers .Values.existingSecret -}}
named
{{- else if and $may (include "kos.isOurs" (list . (lookup "apps/v1" "StatefulSet" .Release.Namespace (include "kos.fullname" (list . "kafka"))))) -}}
own
{{- else if lookup "v1" "Secret" .Release.Namespace (include "kos.usualSecret" .) -}}
{{- include "kos.checkSecret" (list . (include "kos.usualSecret" .)) -}}
secret
{{- else if not $may -}}
named
{{- else if and .Release.IsUpgrade (lookup "v1" "ConfigMap" .Release.Namespace "kube-root-ca.crt") -}}
{{- /* A release that had another Kafka must not come to one of its own, which is empty. */ -}}
{{- fail (printf "Which Kafka? Release %s has none of its own, and the namespace %s no Secret %s (any more): make it again (deno task secrets), set kafka.brokers or existingSecret, or kafka.inCluster.enabled=true for a new and empty one" .Release.Name .Release.Namespace (include "kos.usualSecret" .)) -}}
{{- else -}}
own
{{- end -}}
{{- end -}}

{{/* Refuses a Secret that lacks a key; one that is not there may still come. Takes (list $ name). */}}
{{- define "kos.checkSecret" -}}
{{- $root := index . 0 -}}
{{- $name := index . 1 -}}
{{- $keys := $root.Values.secretKeys -}}
{{- $needed := list -}}
{{- if hasPrefix "SASL_" (include "kos.protocolOf" (list $root true)) }}{{ $needed = list $keys.username $keys.password }}{{ end -}}
{{- if not $root.Values.kafka.brokers }}{{ $needed = append $needed $keys.brokers }}{{ end -}}
{{- $live := lookup "v1" "Secret" $root.Release.Namespace $name -}}
{{- range $needed -}}
{{- if and $live (not (hasKey ($live.data | default dict) .)) -}}
{{- $leave := ternary "" ", or set kafka.brokers, existingSecret or kafka.inCluster.enabled=true to leave it alone" (eq $name $root.Values.existingSecret) -}}
{{- fail (printf "The Secret %s in the namespace %s has no key %s: make it anew (deno task secrets), or name its keys in secretKeys%s" $name $root.Release.Namespace . $leave) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* `true` where the release runs a Kafka of its own, else empty. */}}
{{- define "kos.ownKafka" -}}
{{- if eq (include "kos.kafka" .) "own" -}}true{{- end -}}
{{- end -}}

{{/* The Secret with the credentials: the one that is named, or the usual one where it is found; else empty. */}}
{{- define "kos.secret" -}}
{{- if .Values.existingSecret -}}
{{- .Values.existingSecret -}}
{{- else if eq (include "kos.kafka" .) "secret" -}}
{{- include "kos.usualSecret" . -}}
{{- end -}}
{{- end -}}

{{/* `true` where the custom metrics API is served, which the prometheus-adapter does; else empty. */}}
{{- define "kos.hasCustomMetrics" -}}
{{- $served := .Capabilities.APIVersions -}}
{{- if or ($served.Has "custom.metrics.k8s.io/v1beta1") ($served.Has "custom.metrics.k8s.io/v1beta2") -}}true{{- end -}}
{{- end -}}

{{/* What scales the pods: `hpa`, `keda`, or nothing. */}}
{{- define "kos.scaler" -}}
{{- if not (hasKey .Values "decidedScaler") -}}
{{- $_ := set .Values "decidedScaler" (include "kos.decideScaler" .) -}}
{{- end -}}
{{- .Values.decidedScaler -}}
{{- end -}}

{{- define "kos.decideScaler" -}}
{{- $own := .Values.autoscaling -}}
{{- $may := and $own.enabled (kindIs "invalid" $own.keda.enabled) (.Capabilities.APIVersions.Has "keda.sh/v1alpha1") -}}
{{- if eq (toString $own.keda.enabled) "true" -}}
keda
{{- else if not $own.enabled -}}
{{- else if not $may -}}
hpa
{{- else -}}
{{- /* KEDA refuses what a HorizontalPodAutoscaler scales already, so what was there first stays. */ -}}
{{- $name := include "kos.fullname" (list . .Values.app.name) -}}
{{- if include "kos.wasKeda" . -}}
keda
{{- else if or (include "kos.hasCustomMetrics" .) (include "kos.isOurs" (list . (lookup "autoscaling/v2" "HorizontalPodAutoscaler" .Release.Namespace $name))) -}}
hpa
{{- else -}}
keda
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Not empty where there may be no pod at all for a while. */}}
{{- define "kos.mayRest" -}}
{{- if and (eq (include "kos.scaler" .) "keda") (eq (int64 .Values.autoscaling.minReplicas) 0) }}true{{ end -}}
{{- end -}}
