"""The vendors' models of native bodies, as the data by which fleet files that write such leaves are checked."""
