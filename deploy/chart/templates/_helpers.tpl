{{/* What tells the bot's pods from others; the release's name, so that two releases share a namespace. */}}
{{- define "flowkeeper.labels" -}}
app.kubernetes.io/name: {{ .Release.Name }}
{{- end }}

{{- define "flowkeeper.redis.labels" -}}
app.kubernetes.io/name: {{ .Release.Name }}-redis
{{- end }}

{{/* The host of the bot's own address. */}}
{{- define "flowkeeper.host" -}}
{{ (urlParse .Values.url).hostname | required "url has no host: say --set url=https://bot.example.com" }}
{{- end }}
