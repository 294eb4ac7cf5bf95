# Waits until the metrics that the autoscaler needs are served. Reads STREAMS_URL, DATAGEN_URL (may be empty), TIMEOUT_SECONDS.
set -u
end=$(($(date +%s) + TIMEOUT_SECONDS))

# await URL SERIES: a line of the metric must be there, whatever its value.
await() {
  while :; do
    # Into a variable: a pipe would hide that the request failed.
    if text=$(wget -q -T 5 -O - "$1" 2>&1); then
      if line=$(echo "$text" | grep -m 1 "^$2[{ ]"); then
        echo "ok: $line"
        return
      fi
      text="it is not among $(echo "$text" | grep -c '^[a-z]') series"
    fi
    if [ "$(date +%s)" -ge "$end" ]; then
      echo "not ok: no $2 at $1 within $TIMEOUT_SECONDS s: $text"
      exit 1
    fi
    sleep 1
  done
}

await "$STREAMS_URL" consumer_lag_game_frame_rq
await "$STREAMS_URL" consumer_lag_game_frame_rs
await "$STREAMS_URL" kos_streams_records_processed_total
if [ -n "${DATAGEN_URL:-}" ]; then await "$DATAGEN_URL" kos_datagen_records_sent_total; fi
