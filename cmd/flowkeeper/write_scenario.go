package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// writeScenario puts a scenario where it is wanted and replaces nothing; without a name it is printed.
func writeScenario(p *program, name string, data []byte) error {
	if name == "" {
		_, err := p.out.Write(data)
		return err
	}
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s exists already and is left as it is; choose another name", name)
	}
	if err != nil {
		return fmt.Errorf("creating the scenario: %w", err)
	}
	_, err = file.Write(data)
	if err := errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("writing the scenario: %w", err)
	}
	_, err = fmt.Fprintf(p.out, "saved to %s\n", name)
	return err
}
