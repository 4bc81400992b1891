package logging

import (
	"fmt"
	"io"
	"log/slog"

	"github.com/go-logr/logr"
)

// New writes events of at least the level, which is debug, info, warn or error in any case, as STRIMZI_LOG_LEVEL has it.
func New(level string, to io.Writer) (logr.Logger, error) {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		return logr.Logger{}, fmt.Errorf("STRIMZI_LOG_LEVEL is %q: expected debug, info, warn or error", level)
	}
	return logr.FromSlogHandler(slog.NewTextHandler(to, &slog.HandlerOptions{Level: l})), nil
}
