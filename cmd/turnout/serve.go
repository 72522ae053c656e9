package main

import (
	"fmt"
	"strings"

	"turnout/internal/database"
	"turnout/migrations"
)

type serveCommand struct {
	Demo bool `help:"Seed a demo community and take payments in a sandbox (unless TURNOUT_STRIPE_SECRET_KEY is set)."`
}

// Run serves until the process is asked to stop.
func (cmd *serveCommand) Run(sh *shell) error {
	return Run(sh.ctx, sh.config, Options{Demo: cmd.Demo, Out: sh.out})
}

type migrateCommand struct{}

// Run applies what is missing.
func (cmd *migrateCommand) Run(sh *shell) error {
	return withDatabase(sh, func(db *database.DB) error {
		applied, err := migrations.Up(sh.ctx, db)
		if err != nil {
			return err
		}
		if len(applied) == 0 {
			fmt.Fprintln(sh.out, "The database is up to date.")
		} else {
			fmt.Fprintln(sh.out, "Applied:", strings.Join(applied, ", "))
		}
		return nil
	})
}

// withDatabase opens the configured database for one command.
func withDatabase(sh *shell, do func(db *database.DB) error) error {
	db, err := database.Open(sh.ctx, sh.config.DatabaseURL)
	if err != nil {
		return err
	}
	err = do(db)
	if closed := db.Close(); err == nil {
		err = closed
	}
	return err
}

// withApp opens the database, migrated, with the services on it.
func withApp(sh *shell, do func(a *app) error) error {
	return withDatabase(sh, func(db *database.DB) error {
		config := sh.config
		if config.BaseURL == "" {
			config.BaseURL = "http://localhost" + config.Addr[strings.LastIndex(config.Addr, ":"):]
		}
		a, err := newApp(sh.ctx, db, config, false)
		if err != nil {
			return err
		}
		return do(a)
	})
}
