{{/*
How the programs get in at Kafka and the registry: keys and certificates are files of Secrets below /etc/kos, which a program reads
anew when it connects, so that they may be changed under it. What is no secret is a variable.
*/}}

{{/*
A value by its path, empty where a block on the way is null, or not there as after an upgrade with --reuse-values. Takes
(list map "sasl.mechanism").
*/}}
{{- define "kos.at" -}}
{{- $at := index . 0 -}}
{{- range splitList "." (index . 1) -}}
{{- if kindIs "map" $at }}{{ $at = get $at . }}{{ else }}{{ $at = "" }}{{ end -}}
{{- end -}}
{{- if not (kindIs "invalid" $at) }}{{ $at }}{{ end -}}
{{- end -}}

{{/* The protocol of a Kafka that is not the chart's own. Takes (list $ whether-there-is-a-Secret). */}}
{{- define "kos.protocolOf" -}}
{{- $kafka := (index . 0).Values.kafka -}}
{{- $named := include "kos.at" (list $kafka "security.protocol") -}}
{{- if not $kafka.cloud -}}
PLAINTEXT
{{- else if $named -}}
{{- $named -}}
{{- else if index . 1 -}}
SASL_SSL
{{- else if or $kafka.ca.secret (include "kos.at" (list $kafka "clientCertificate.secret")) -}}
SSL
{{- else -}}
PLAINTEXT
{{- end -}}
{{- end -}}

{{- define "kos.protocol" -}}
{{- if include "kos.ownKafka" . -}}
PLAINTEXT
{{- else -}}
{{- include "kos.protocolOf" (list . (include "kos.secret" .)) -}}
{{- end -}}
{{- end -}}

{{/* Not empty where keys are asked for. */}}
{{- define "kos.sasl" -}}
{{- if hasPrefix "SASL_" (include "kos.protocol" .) }}true{{ end -}}
{{- end -}}

{{/* Not empty where the connection is encrypted. */}}
{{- define "kos.tls" -}}
{{- if hasSuffix "SSL" (include "kos.protocol" .) }}true{{ end -}}
{{- end -}}

{{- define "kos.mechanism" -}}
{{- $usual := ternary "OAUTHBEARER" "PLAIN" (ne (include "kos.at" (list .Values.kafka "sasl.oauth.tokenUrl")) "") -}}
{{- include "kos.at" (list .Values.kafka "sasl.mechanism") | default $usual -}}
{{- end -}}

{{/* Bootstrap servers when they are known here; empty when they are in the Secret. */}}
{{- define "kos.brokers" -}}
{{- if include "kos.ownKafka" . -}}
{{- printf "%s.%s.svc:9092" (include "kos.fullname" (list . "kafka")) .Release.Namespace -}}
{{- else -}}
{{- .Values.kafka.brokers -}}
{{- end -}}
{{- end -}}

{{- define "kos.registryUrl" -}}
{{- if .Values.schemaRegistry.enabled -}}
{{- printf "http://%s%s" (include "kos.fullname" (list . "schema-registry")) .Values.schemaRegistry.path -}}
{{- else -}}
{{- .Values.schemaRegistry.url -}}
{{- end -}}
{{- end -}}

{{/* ConfigMap data: the connection. */}}
{{- define "kos.connectionData" -}}
{{- with include "kos.brokers" . }}
KAFKA_BROKERS: {{ . | quote }}
{{- end }}
{{- with include "kos.registryUrl" . }}
SCHEMA_REGISTRY: {{ . | quote }}
{{- end }}
{{- if not .Values.kafka.cloud }}
CLOUD: "false"
{{- end }}
{{- $kafka := .Values.kafka }}
{{- range $variable, $path := dict "KAFKA_SECURITY_PROTOCOL" "security.protocol" "KAFKA_SASL_MECHANISM" "sasl.mechanism" "KAFKA_OAUTH_TOKEN_URL" "sasl.oauth.tokenUrl" "KAFKA_OAUTH_SCOPE" "sasl.oauth.scope" "KAFKA_OAUTH_EXTENSIONS" "sasl.oauth.extensions" }}
{{- with include "kos.at" (list $kafka $path) }}
{{ $variable }}: {{ . | quote }}
{{- end }}
{{- end }}
{{- include "kos.fileVariables" (include "kos.connectionFiles" .) }}
KOS_METRICS_PORT: "9001"
KOS_METRICS_HOST: {{ .Values.metrics.host | quote }}
KOS_WAIT_FOR_BROKER: {{ .Values.kafka.waitForBroker | quote }}
{{- if .Values.kafka.partitions }}
KOS_PARTITIONS: {{ int64 .Values.kafka.partitions | quote }}
{{- end }}
{{- if .Values.kafka.replicationFactor }}
KOS_REPLICATION_FACTOR: {{ int64 .Values.kafka.replicationFactor | quote }}
{{- end }}
{{- end -}}

{{/* Variables that are no file: a Secret's servers unless others are named, and the registry's user. */}}
{{- define "kos.secretEnv" -}}
{{- $secret := include "kos.secret" . -}}
{{- if and $secret (not (include "kos.brokers" .)) }}
- name: KAFKA_BROKERS
  valueFrom: {secretKeyRef: {name: {{ $secret }}, key: {{ .Values.secretKeys.brokers }}}}
{{- end }}
{{- $basic := get .Values.schemaRegistry "basic" | default dict }}
{{- with $basic.secret }}
- name: SCHEMA_REGISTRY_USER
  valueFrom: {secretKeyRef: {name: {{ . }}, key: {{ $basic.username }}}}
{{- end }}
{{- end -}}

{{/* The folders of Secrets' files that both programs mount: a list of {volume, path, files: [{secret, key, file, variable}]}. */}}
{{- define "kos.connectionFiles" -}}
{{- $kafka := .Values.kafka -}}
{{- $certificate := get $kafka "clientCertificate" | default dict -}}
{{- $registry := .Values.schemaRegistry -}}
{{- $folders := list -}}
{{- if $kafka.ca.secret -}}
{{- $file := dict "secret" $kafka.ca.secret "key" $kafka.ca.key "file" $kafka.ca.key "variable" "KAFKA_CA" -}}
{{- $folders = append $folders (dict "volume" "ca" "path" "/etc/kos/ca" "files" (list $file)) -}}
{{- end -}}
{{- if include "kos.sasl" . -}}
{{- with include "kos.secret" . -}}
{{- $files := list
  (dict "secret" . "key" $.Values.secretKeys.username "file" "api-key" "variable" "API_KEY_FILE")
  (dict "secret" . "key" $.Values.secretKeys.password "file" "secret-key" "variable" "SECRET_KEY_FILE")
-}}
{{- $folders = append $folders (dict "volume" "kafka-credentials" "path" "/etc/kos/credentials" "files" $files) -}}
{{- end -}}
{{- end -}}
{{- with $certificate.secret -}}
{{- $files := list
  (dict "secret" . "key" $certificate.cert "file" "tls.crt" "variable" "KAFKA_CERT")
  (dict "secret" . "key" $certificate.key "file" "tls.key" "variable" "KAFKA_KEY")
-}}
{{- with $certificate.password -}}
{{- $files = append $files (dict "secret" $certificate.secret "key" . "file" "password" "variable" "KAFKA_KEY_PASSWORD_FILE") -}}
{{- end -}}
{{- $folders = append $folders (dict "volume" "kafka-certificate" "path" "/etc/kos/client" "files" $files) -}}
{{- end -}}
{{- with include "kos.registryFiles" . | fromYamlArray -}}
{{- $folders = append $folders (dict "volume" "registry-credentials" "path" "/etc/kos/registry" "files" .) -}}
{{- end -}}
{{- $folders | toYaml -}}
{{- end -}}

{{- define "kos.registryFiles" -}}
{{- $files := list -}}
{{- with get .Values.schemaRegistry "basic" -}}
{{- if .secret }}{{ $files = append $files (dict "secret" .secret "key" .password "file" "password" "variable" "SCHEMA_REGISTRY_PASSWORD_FILE") }}{{ end -}}
{{- end -}}
{{- with get .Values.schemaRegistry "bearer" -}}
{{- if .secret }}{{ $files = append $files (dict "secret" .secret "key" .token "file" "token" "variable" "SCHEMA_REGISTRY_TOKEN_FILE") }}{{ end -}}
{{- end -}}
{{- with get .Values.schemaRegistry "ca" -}}
{{- if .secret }}{{ $files = append $files (dict "secret" .secret "key" .key "file" "ca.crt" "variable" "SCHEMA_REGISTRY_CA") }}{{ end -}}
{{- end -}}
{{- with get .Values.schemaRegistry "clientCertificate" -}}
{{- if .secret -}}
{{- $files = append $files (dict "secret" .secret "key" .cert "file" "tls.crt" "variable" "SCHEMA_REGISTRY_CERT") -}}
{{- $files = append $files (dict "secret" .secret "key" .key "file" "tls.key" "variable" "SCHEMA_REGISTRY_KEY") -}}
{{- end -}}
{{- end -}}
{{- $files | toYaml -}}
{{- end -}}

{{/* Of those the authorities to trust at Kafka alone, for the chart's schema registry. */}}
{{- define "kos.caFiles" -}}
{{- $folders := list -}}
{{- if include "kos.tls" . -}}
{{- range include "kos.connectionFiles" . | fromYamlArray -}}
{{- if eq .volume "ca" }}{{ $folders = append $folders . }}{{ end -}}
{{- end -}}
{{- end -}}
{{- $folders | toYaml -}}
{{- end -}}

{{/* The variables that name the files. Takes the text of a list of folders. */}}
{{- define "kos.fileVariables" -}}
{{- range $folder := fromYamlArray . }}
{{- range .files }}
{{ .variable }}: {{ $folder.path }}/{{ .file }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "kos.fileMounts" -}}
{{- range fromYamlArray . }}
- {name: {{ .volume }}, mountPath: {{ .path }}, readOnly: true}
{{- end }}
{{- end -}}

{{/*
The volumes. The kubelet gives their files to the pod's fsGroup, and lets that read them; where the platform chooses the user there
may be none, and they would be root's alone. Takes (list user-id-or-null text).
*/}}
{{- define "kos.fileVolumes" -}}
{{- $mode := ternary "0444" "0400" (kindIs "invalid" (index . 0)) -}}
{{- range fromYamlArray (index . 1) }}
- name: {{ .volume }}
  projected:
    defaultMode: {{ $mode }}
    sources:
      {{- range .files }}
      - secret: {name: {{ .secret }}, items: [{key: {{ .key | quote }}, path: {{ .file | quote }}}]}
      {{- end }}
{{- end }}
{{- end -}}

{{/* Not empty where the application's stores are served. */}}
{{- define "kos.stores" -}}
{{- if eq (include "kos.at" (list .Values.app "stores.enabled")) "true" }}true{{ end -}}
{{- end -}}

{{- define "kos.storesPort" -}}
{{- int64 .Values.app.stores.port -}}
{{- end -}}

{{/* The Secret with a port's token: the one that is named, or the chart's own. Takes (list $ "stores" "" or a Secret's name). */}}
{{- define "kos.tokenSecret" -}}
{{- $component := ternary (index . 0).Values.app.name (index . 0).Values.generator.name (eq (index . 1) "stores") -}}
{{- index . 2 | default (printf "%s-%s-token" (include "kos.fullname" (list (index . 0) $component)) (index . 1)) -}}
{{- end -}}

{{/* The folder with a port's token, as of kos.connectionFiles. Takes the same. */}}
{{- define "kos.tokenFiles" -}}
{{- $variable := printf "KOS_%s_TOKEN_FILE" (upper (index . 1)) -}}
{{- $file := dict "secret" (include "kos.tokenSecret" .) "key" "token" "file" "token" "variable" $variable -}}
{{- list (dict "volume" (printf "%s-token" (index . 1)) "path" (printf "/etc/kos/%s" (index . 1)) "files" (list $file)) | toYaml -}}
{{- end -}}

{{/* The folders that only the running application mounts, and not its clean-up. */}}
{{- define "kos.storesFiles" -}}
{{- if include "kos.stores" . -}}
{{- include "kos.tokenFiles" (list . "stores" .Values.app.stores.tokenSecret) -}}
{{- else -}}
[]
{{- end -}}
{{- end -}}

{{- define "kos.controlFiles" -}}
{{- if .Values.generator.control.expose -}}
{{- include "kos.tokenFiles" (list . "control" (include "kos.at" (list .Values.generator "control.tokenSecret"))) -}}
{{- else -}}
[]
{{- end -}}
{{- end -}}
