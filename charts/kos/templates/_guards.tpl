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

{{/* Refuses ways into Kafka that exclude each other, or lack a part. */}}
{{- define "kos.refuseConnection" -}}
{{- $kafka := .Values.kafka -}}
{{- $protocol := include "kos.protocol" . -}}
{{- $mechanism := include "kos.at" (list $kafka "sasl.mechanism") -}}
{{- $tokenUrl := include "kos.at" (list $kafka "sasl.oauth.tokenUrl") -}}
{{- $keys := list "sasl.mechanism" "sasl.oauth.tokenUrl" "sasl.oauth.scope" "sasl.oauth.extensions" -}}
{{- $certificates := list "ca.secret" "clientCertificate.secret" -}}
{{- range $path := concat (list "security.protocol") $certificates $keys -}}
{{- $value := include "kos.at" (list $kafka $path) -}}
{{- if and $value (include "kos.ownKafka" $) (ne $value "PLAINTEXT") -}}
{{- fail (printf "kafka.%s is %q, but the Kafka that the chart runs has neither TLS nor authentication: set kafka.brokers or existingSecret to another one, or leave it out" $path $value) -}}
{{- end -}}
{{- if and $value (not $kafka.cloud) (ne $value "PLAINTEXT") -}}
{{- fail (printf "kafka.%s is %q, but kafka.cloud is false, which switches SASL and TLS off: leave out one of them" $path $value) -}}
{{- end -}}
{{- if and $value (has $path $certificates) (not (include "kos.tls" $)) -}}
{{- fail (printf "kafka.%s is %q, but kafka.security.protocol is %s, which has no TLS: set it to %s, or leave the certificate out" $path $value $protocol (ternary "SASL_SSL" "SSL" (ne (include "kos.sasl" $) ""))) -}}
{{- end -}}
{{- if and $value (has $path $keys) (not (include "kos.sasl" $)) -}}
{{- fail (printf "kafka.%s is %q, but the connection is %s, which asks for no keys: set existingSecret to a Secret with them (deno task secrets makes one), and kafka.security.protocol, if at all, to SASL_SSL or SASL_PLAINTEXT" $path $value $protocol) -}}
{{- end -}}
{{- end -}}
{{- if and (include "kos.sasl" .) (not (include "kos.secret" .)) -}}
{{- $given := false -}}
{{- range .Values.app.env }}{{ if hasPrefix "API_KEY" .name }}{{ $given = true }}{{ end }}{{ end -}}
{{- if not $given -}}
{{- fail (printf "kafka.security.protocol is %s, which asks for keys: set existingSecret to a Secret with %s and %s (deno task secrets makes one), or the protocol to %s" $protocol .Values.secretKeys.username .Values.secretKeys.password (trimPrefix "SASL_" $protocol)) -}}
{{- end -}}
{{- end -}}
{{- if and (eq $mechanism "OAUTHBEARER") (not $tokenUrl) -}}
{{- fail "kafka.sasl.mechanism is OAUTHBEARER, but nothing says where tokens come from: set kafka.sasl.oauth.tokenUrl to the identity provider's token endpoint, such as https://idp.example/oauth2/token" -}}
{{- end -}}
{{- range $path := list "sasl.oauth.tokenUrl" "sasl.oauth.scope" "sasl.oauth.extensions" -}}
{{- $value := include "kos.at" (list $kafka $path) -}}
{{- if and $value (ne (include "kos.mechanism" $) "OAUTHBEARER") -}}
{{- fail (printf "kafka.%s is %q, which %s has no use for: set kafka.sasl.mechanism to OAUTHBEARER and kafka.sasl.oauth.tokenUrl, or leave it out" $path $value (include "kos.mechanism" $)) -}}
{{- end -}}
{{- end -}}
{{- if and (include "kos.at" (list $kafka "clientCertificate.password")) (not (include "kos.at" (list $kafka "clientCertificate.secret"))) -}}
{{- fail "kafka.clientCertificate.password names a key of a Secret, but kafka.clientCertificate.secret names none: set it, or leave the password out" -}}
{{- end -}}
{{- end -}}

{{/* Refuses ways into a schema registry that it has not, or that exclude each other. */}}
{{- define "kos.refuseRegistry" -}}
{{- $registry := .Values.schemaRegistry -}}
{{- range $path := list "basic.secret" "bearer.secret" "ca.secret" "clientCertificate.secret" -}}
{{- $value := include "kos.at" (list $registry $path) -}}
{{- if and $value $registry.enabled -}}
{{- fail (printf "schemaRegistry.%s is %q, but the registry that the chart runs asks for none: leave it out, or set schemaRegistry.enabled=false and schemaRegistry.url" $path $value) -}}
{{- end -}}
{{- if and $value (not $registry.url) -}}
{{- fail (printf "schemaRegistry.%s is %q, but there is no registry: set schemaRegistry.url" $path $value) -}}
{{- end -}}
{{- if and $value (has $path (list "ca.secret" "clientCertificate.secret")) (not (hasPrefix "https:" (lower $registry.url))) -}}
{{- fail (printf "schemaRegistry.%s is %q, but schemaRegistry.url is %s, which has no TLS: begin it with https://" $path $value $registry.url) -}}
{{- end -}}
{{- end -}}
{{- if and (include "kos.at" (list $registry "basic.secret")) (include "kos.at" (list $registry "bearer.secret")) -}}
{{- fail "schemaRegistry.basic.secret and schemaRegistry.bearer.secret are both set, and a request has one way to say who asks: leave one of them out" -}}
{{- end -}}
{{- if and $registry.enabled $registry.confluentEnv -}}
{{- $much := "" -}}
{{- if include "kos.at" (list .Values.kafka "clientCertificate.secret") }}{{ $much = "a client certificate (kafka.clientCertificate)" }}{{ end -}}
{{- if and (include "kos.sasl" .) (eq (include "kos.mechanism" .) "OAUTHBEARER") }}{{ $much = "OAUTHBEARER" }}{{ end -}}
{{- if $much -}}
{{- fail (printf "schemaRegistry.enabled is true, and the chart does not set Confluent's image up for a Kafka with %s: set schemaRegistry.confluentEnv=false and the image's variables in schemaRegistry.extraEnv, or schemaRegistry.url to a registry that is there" $much) -}}
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
