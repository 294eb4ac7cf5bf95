{{/* Ends the render when a variable of the program's has no flag. Takes (list "app.env" variables known remedy). */}}
{{- define "kos.refuseUnknown" -}}
{{- $known := index . 2 -}}
{{- $where := index . 0 -}}
{{- $remedy := index . 3 -}}
{{- range index . 1 -}}
{{- if and (hasPrefix "KOS_" .name) (not (has .name $known)) -}}
{{- $nearest := include "kos.nearest" (list .name $known) -}}
{{- $meant := ternary (printf "did you mean %s? Else " $nearest) "" (ne $nearest "") -}}
{{- fail (printf "%s has %s, which is no variable of the program: %s%s" $where .name $meant $remedy) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* The word that is one letter away, or two that changed places; nothing when there is none. Takes (list word words). */}}
{{- define "kos.nearest" -}}
{{- $near := include "kos.shortened" (index . 0) | splitList " " -}}
{{- $found := "" -}}
{{- range $word := index . 1 -}}
{{- range include "kos.shortened" $word | splitList " " -}}
{{- if and (not $found) (has . $near) }}{{ $found = $word }}{{ end -}}
{{- end -}}
{{- end -}}
{{- $found -}}
{{- end -}}

{{/* A word, and it without each of its letters. */}}
{{- define "kos.shortened" -}}
{{- $word := . -}}
{{- $words := list $word -}}
{{- range $i := until (len $word) -}}
{{- $words = append $words (printf "%s%s" (substr 0 $i $word) (substr (int (add1 $i)) (len $word) $word)) -}}
{{- end -}}
{{- join " " $words -}}
{{- end -}}

{{/* Refuses topics of which two have one metric, or one has the name of another metric. */}}
{{- define "kos.refuseTopics" -}}
{{- $seen := dict "consumer_lag_seconds" "" -}}
{{- range $topic := .Values.inputTopics -}}
{{- $metric := include "kos.lagMetric" $topic -}}
{{- if hasKey $seen $metric -}}
{{- $other := get $seen $metric | default "the age of what waits" -}}
{{- fail (printf "inputTopics has %s, whose metric is called %s as that of %s is: leave one of them out, as the autoscaler can't tell them apart" $topic $metric $other) -}}
{{- end -}}
{{- $seen = set $seen $metric $topic -}}
{{- end -}}
{{- end -}}

{{/* What null must not take away: blocks that the templates read, and names. Outer ones come before what is in them. */}}
{{- define "kos.needed" -}}
secretKeys applicationIdGuard kafka schemaRegistry inputTopics app autoscaling generator metrics networkPolicy test
cleanup kafka.ca kafka.inCluster schemaRegistry.image app.name app.workload app.image app.applicationId
app.stateVolume app.strategy app.topologySpread app.pdb app.serviceAccount autoscaling.minReplicas
autoscaling.maxReplicas autoscaling.load autoscaling.lag autoscaling.rate autoscaling.keda generator.name generator.image
generator.control generator.serviceAccount metrics.scrape metrics.host metrics.level metrics.podMonitor
metrics.adapterRule metrics.prometheusRule metrics.dashboard networkPolicy.egress kafka.inCluster.image
kafka.inCluster.persistence app.strategy.type app.image.repository generator.image.repository
schemaRegistry.image.repository app.image.pullPolicy generator.image.pullPolicy schemaRegistry.image.pullPolicy
kafka.inCluster.image.repository kafka.inCluster.image.pullPolicy
generator.enabled generator.control.expose networkPolicy.egress.enabled cleanup.enabled
{{- end -}}

{{/*
Refuses null for those. The schema can't: what it requires an editor would miss in everybody's own file of values. Helm renders
the deepest folder first, so the templates there call this.
*/}}
{{- define "kos.refuseNull" -}}
{{- range $path := regexSplit "\\s+" (include "kos.needed" . | trim) -1 -}}
{{- $at := $.Values -}}
{{- range splitList "." $path -}}
{{- if or (not (hasKey $at .)) (kindIs "invalid" (get $at .)) -}}
{{- fail (printf "%s is null, which takes the chart's default away: leave it out of your values to keep that" $path) -}}
{{- end -}}
{{- $at = get $at . -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Refuses the blocks of values by the names that they had. */}}
{{- define "kos.refuseOldBlocks" -}}
{{- range $old, $new := dict "streams" "app" "datagen" "generator" -}}
{{- if hasKey $.Values $old -}}
{{- fail (printf "The block of values %s is called %s now, and its extraEnv is %s.env: rename them" $old $new $new) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/*
Refuses names of the chart's other pods, and what the API server would, after it has taken a part of the release: 63 characters are a Service's name and a label, and
controllers and KEDA put up to eleven to an object's.
*/}}
{{- define "kos.refuseNames" -}}
{{- range $component := list .Values.app.name .Values.generator.name -}}
{{- if has $component (list "kafka" "schema-registry" "test" "cleanup") -}}
{{- fail (printf "app.name or generator.name is %s, as other pods of the chart are called, which selectors would take for its own: choose another" $component) -}}
{{- end -}}
{{- $name := include "kos.fullname" (list $ $component) -}}
{{- if gt (len $name) 52 -}}
{{- fail (printf "fullnameOverride and the name %s make %s, of %d characters, and Kubernetes takes 52 of a name to which more is put: shorten one of them" $component $name (len $name)) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Refuses a ScaledObject beside the release's own HorizontalPodAutoscaler, which helm takes away only after KEDA has refused it. */}}
{{- define "kos.refuseSecondScaler" -}}
{{- $name := include "kos.fullname" (list . .Values.app.name) -}}
{{- if eq (include "kos.scaler" .) "keda" -}}
{{- if include "kos.isOurs" (list . (lookup "autoscaling/v2" "HorizontalPodAutoscaler" .Release.Namespace $name)) -}}
{{- fail (printf "KEDA refuses to scale what the HorizontalPodAutoscaler %s scales: delete that first, which leaves the pods as they are (kubectl -n %s delete hpa %s), then upgrade again" $name .Release.Namespace $name) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Refuses labels by which the chart's objects find each other. */}}
{{- define "kos.refuseLabels" -}}
{{- $taken := list "app.kubernetes.io/name" "app.kubernetes.io/instance" "app.kubernetes.io/component" "app.kubernetes.io/managed-by" -}}
{{- range $where, $labels := dict "commonLabels" .Values.commonLabels "app.podLabels" .Values.app.podLabels "generator.podLabels" .Values.generator.podLabels "schemaRegistry.podLabels" .Values.schemaRegistry.podLabels "kafka.inCluster.podLabels" .Values.kafka.inCluster.podLabels -}}
{{- range $label, $value := $labels -}}
{{- if has $label $taken -}}
{{- fail (printf "%s has %s, by which the chart's objects find each other: leave it out, or choose another label" $where $label) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Refuses names that objects of another release have: of each component by its Service. */}}
{{- define "kos.refuseTakenNames" -}}
{{- $components := list .Values.app.name -}}
{{- if .Values.generator.enabled }}{{ $components = append $components .Values.generator.name }}{{ end -}}
{{- if include "kos.ownKafka" . }}{{ $components = append $components "kafka" }}{{ end -}}
{{- if .Values.schemaRegistry.enabled }}{{ $components = append $components "schema-registry" }}{{ end -}}
{{- range $component := $components -}}
{{- $name := include "kos.fullname" (list $ $component) -}}
{{- $live := lookup "v1" "Service" $.Release.Namespace $name -}}
{{- if $live -}}
{{- $owner := get ($live.metadata.annotations | default dict) "meta.helm.sh/release-name" -}}
{{- if ne $owner $.Release.Name -}}
{{- $of := ternary (printf "the release %s" $owner) "no release" (ne $owner "") -}}
{{- fail (printf "The namespace %s has a Service %s already, of %s: set fullnameOverride, such as to %s, which goes before all names of this release, or install into another namespace" $.Release.Namespace $name $of $.Release.Name) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* An error of the lookup names the template: so this one says what to do about it. */}}
{{- define "applicationIdGuard=cluster lists the workloads of all namespaces, set it to namespace or off where that is forbidden" -}}
{{- $here := .Release.Namespace -}}
{{- $kafka := include "kos.kafkaIdentity" . -}}
{{- $id := .Values.app.applicationId -}}
{{- range $kind := list "Deployment" "StatefulSet" -}}
{{- range (lookup "apps/v1" $kind (ternary "" $here (eq $.Values.applicationIdGuard "cluster")) "").items -}}
{{- $notes := .metadata.annotations | default dict -}}
{{- $owner := get $notes "meta.helm.sh/release-name" -}}
{{- $own := and (eq .metadata.namespace $here) (eq $owner $.Release.Name) -}}
{{- if and (not $own) (eq (get $notes "kos/application-id") $id) (eq (get $notes "kos/kafka") $kafka) -}}
{{- $of := ternary (printf "the release %s" $owner) "no release" (ne $owner "") -}}
{{- fail (printf "app.applicationId is %s, with which the %s %s of %s in the namespace %s reads the same Kafka: each would take the other's partitions. Set another app.applicationId; or applicationIdGuard=off when they are to share them" $id $kind .metadata.name $of .metadata.namespace) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
