"""Reads an interval log with the hdrhistogram package and prints, for a tag, count and p99."""

import sys

from hdrh.histogram import HdrHistogram
from hdrh.log import HistogramLogReader

path, tag = sys.argv[1:]
total = HdrHistogram(1, 3_600_000_000, 3)
reader = HistogramLogReader(path, HdrHistogram(1, 3_600_000_000, 3))
while True:
    histogram = reader.get_next_interval_histogram()
    if histogram is None:
        break
    if histogram.get_tag() == tag:
        total.add(histogram)
print(total.get_total_count(), total.get_value_at_percentile(99))
