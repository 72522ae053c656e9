// Command turnout runs events for a community: plan, sell, admit, follow up, report. `turnout serve --demo` starts it with
// everything there is to see; `turnout --help` lists the rest, and api.go of package api the addresses.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // the zones come with the program: a bare machine has none

	"github.com/alecthomas/kong"

	"turnout"
	"turnout/api/respond"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Environ(), os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// commands is the command line. Everything else comes from the environment (config.go).
type commands struct {
	Serve     serveCommand     `cmd:"" help:"Start the server."`
	Migrate   migrateCommand   `cmd:"" help:"Bring the database to this program's version."`
	Doctor    doctorCommand    `cmd:"" help:"Compare every stored counter and invariant with the rows; exit 1 when they differ."`
	Community communityCommand `cmd:"" help:"Communities."`
	Token     tokenCommand     `cmd:"" help:"API tokens."`
	Mail      mailCommand      `cmd:"" help:"Print the newest mails that no console shows: links to a new password."`
	Import    importCommand    `cmd:"" help:"Bring in what was made elsewhere."`
	Export    exportCommand    `cmd:"" help:"Write what is here for elsewhere."`
	Recap     recapCommand     `cmd:"" help:"Write an event's recap as a PDF."`
	Backup    backupCommand    `cmd:"" help:"Copy the SQLite database, also while the server runs."`
	Restore   restoreCommand   `cmd:"" help:"Put a backup in the database's place; the server must be stopped."`
	Bench     benchCommand     `cmd:"" help:"Measure this machine: how fast Turnout sells, admits and answers, each beside a base."`
}

// shell is what a command works with.
type shell struct {
	ctx    context.Context // the command's own, handed over once
	config Config
	out    io.Writer
}

// run is main without the process: it gives the exit code, 0 done, 1 failed, 2 not understood.
func run(ctx context.Context, args, environ []string, out, complaints io.Writer) int {
	var cli commands
	exited := -1
	parser, err := kong.New(&cli, kong.Name("turnout"), kong.Description("Runs events for a community: plan, sell, admit, follow up, report."),
		kong.Writers(out, complaints), kong.Exit(func(code int) { exited = code }), kong.UsageOnError())
	if err != nil {
		fmt.Fprintln(complaints, "turnout:", err)
		return 1
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	if args[0] == "help" { // as other programs' users type it
		args = append(args[1:], "--help")
	}
	parsed, err := parser.Parse(args)
	if exited >= 0 { // --help has been answered
		return exited
	}
	if err != nil {
		fmt.Fprintf(complaints, "turnout: %s\nTry: turnout --help\n", err)
		return 2
	}
	config, err := readConfig(environ)
	if err != nil {
		fmt.Fprintln(complaints, "turnout:", err)
		return 2
	}
	if err := parsed.Run(&shell{ctx: ctx, config: config, out: out}); err != nil {
		fmt.Fprintln(complaints, "turnout:", explain(err))
		return 1
	}
	return 0
}

// explain is an error for the shell: the sentence and the fields of ours, others as they are.
func explain(err error) string {
	e, ok := errors.AsType[*turnout.Error](err)
	if !ok || errors.Is(err, respond.ErrInternal) {
		return err.Error()
	}
	text := e.Message
	for _, f := range e.Fields {
		text += fmt.Sprintf("\n  %s: %s", f.Name, f.Message)
	}
	return text
}
