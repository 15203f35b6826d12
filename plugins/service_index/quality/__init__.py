"""Gates: Great Expectations over a batch or over the marts, kept in ops and as a report."""
