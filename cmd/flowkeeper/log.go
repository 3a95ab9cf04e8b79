package main

import (
	"io"
	"os"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"golang.org/x/term"

	"flowkeeper/config"
)

// newLog makes the program's logger: JSON lines, or readable ones on a terminal.
func newLog(c config.Log, w io.Writer) (*zap.Logger, error) {
	level, err := zapcore.ParseLevel(c.Level)
	if err != nil {
		return nil, err
	}
	encoder := zap.NewProductionEncoderConfig()
	encoder.TimeKey, encoder.EncodeTime, encoder.EncodeDuration = "time", zapcore.RFC3339TimeEncoder, zapcore.StringDurationEncoder
	console := c.Format == "console"
	if f, ok := w.(*os.File); ok && c.Format == "" {
		console = term.IsTerminal(int(f.Fd()))
	}
	format := zapcore.NewJSONEncoder(encoder)
	if console {
		encoder.EncodeLevel = zapcore.CapitalLevelEncoder
		format = zapcore.NewConsoleEncoder(encoder)
	}
	return zap.New(zapcore.NewCore(format, zapcore.Lock(zapcore.AddSync(w)), level)), nil
}
