module castellan.io/castellan

go 1.26.0
