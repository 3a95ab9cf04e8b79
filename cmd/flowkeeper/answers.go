package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
)

// answers reads what a person types.
type answers <-chan string // closed at the end

// newAnswers begins to read the terminal. The reader ends with the process: nothing else wakes it.
func newAnswers(ctx context.Context) answers {
	lines := make(chan string)
	go func() {
		defer close(lines)
		for in := bufio.NewScanner(os.Stdin); in.Scan(); {
			select {
			case lines <- strings.TrimSpace(in.Text()):
			case <-ctx.Done():
				return
			}
		}
	}()
	return lines
}

// read asks a question and waits for its answer. A signal ends the wait.
func (a answers) read(ctx context.Context, p *program, question string) (string, error) {
	fmt.Fprint(p.err, question)
	select {
	case text, ok := <-a:
		if !ok {
			return "", errors.New("the answers ended before the questions did: nothing was done")
		}
		return text, nil
	case <-ctx.Done():
		fmt.Fprintln(p.err)
		return "", errors.New("broken off before the answer: nothing was done")
	}
}
