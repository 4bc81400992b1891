package main

import (
	"context"

	"castellan.io/castellan/test/bench/figure"
)

func (b *bench) topicsReal(ctx context.Context, report *figure.Report) error { return nil }
