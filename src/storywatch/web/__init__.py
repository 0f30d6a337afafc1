"""The desk's page and what operators ask: health and metrics. Reads only; nothing here changes a story."""
