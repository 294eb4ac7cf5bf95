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
{{- fail (printf "app.applicationId is %s, with which the %s %s of the release %s in the namespace %s reads the same Kafka: each would take the other's partitions. Set another app.applicationId; or applicationIdGuard=off when they are to share them" $id $kind .metadata.name $owner .metadata.namespace) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
