"""One file a venue: its recordings onto a tape. ``registry`` knows them all."""
