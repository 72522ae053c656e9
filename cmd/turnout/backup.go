package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

type backupCommand struct {
	File string `arg:"" help:"Where the copy goes; it must not exist yet."`
}

// Run copies the database as it is at one moment, while others read and write. The copy appears under its name only once
// it is whole, checked and on the disk.
func (cmd *backupCommand) Run(sh *shell) error {
	source, err := sqliteFile(sh.config)
	if err != nil {
		return err
	}
	if _, err := os.Stat(source); err != nil {
		return fmt.Errorf("there is no database to copy: %w", err)
	}
	if _, err := os.Lstat(cmd.File); err == nil {
		return fmt.Errorf("%s exists already. Choose another name", cmd.File)
	}
	unfinished := cmd.File + ".unfinished"
	if err := os.Remove(unfinished); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	err = withSQLite(sh.ctx, source, func(db *sql.DB) error {
		_, err := db.ExecContext(sh.ctx, "VACUUM INTO ?", unfinished)
		return err
	})
	if err == nil {
		err = settle(sh.ctx, unfinished, cmd.File)
	}
	if err != nil {
		_ = os.Remove(unfinished)
		return fmt.Errorf("backup: %w", err)
	}
	fmt.Fprintf(sh.out, "Copied and checked: %s\n", cmd.File)
	return nil
}

type restoreCommand struct {
	File string `arg:"" help:"The backup."`
}

// Run puts the backup in the database's place. What stood there is kept beside it.
func (cmd *restoreCommand) Run(sh *shell) error {
	target, err := sqliteFile(sh.config)
	if err != nil {
		return err
	}
	unfinished := target + ".unfinished"
	if err := copyFile(cmd.File, unfinished); err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	defer func() { _ = os.Remove(unfinished) }() // gone already when all went well
	if err := checkFile(sh.ctx, unfinished); err != nil {
		return fmt.Errorf("restore: %s cannot be used, nothing was changed: %w", cmd.File, err)
	}
	if _, err := os.Stat(target); err == nil {
		if err := putAside(sh, target); err != nil {
			return err
		}
	}
	// What a database that is gone left beside it would be read into the one that takes its name.
	for _, rest := range []string{target + "-wal", target + "-journal"} {
		if _, err := os.Lstat(rest); err == nil {
			return fmt.Errorf("restore: %s belongs to a database that is gone. Move it away, then restore again; nothing was changed", rest)
		}
	}
	if err := settle(sh.ctx, unfinished, target); err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	fmt.Fprintf(sh.out, "Restored: %s\n", target)
	return nil
}

// putAside renames the present database, unless somebody uses it.
func putAside(sh *shell, target string) error {
	err := withSQLite(sh.ctx, target, func(db *sql.DB) error {
		// Leaving WAL mode needs the file alone: it fails while any other connection is open, and it takes what the WAL
		// holds into the file.
		var mode string
		if err := db.QueryRowContext(sh.ctx, "PRAGMA journal_mode=DELETE").Scan(&mode); err != nil || mode != "delete" {
			return fmt.Errorf("%s is in use. Stop the server first; nothing was changed", target)
		}
		return nil
	})
	if err != nil {
		return err
	}
	aside := target + ".replaced-" + time.Now().UTC().Format("20060102T150405Z")
	if err := os.Rename(target, aside); err != nil {
		return err
	}
	fmt.Fprintf(sh.out, "What stood there is kept: %s\n", aside)
	return nil
}

// sqliteFile is the configured database's file.
func sqliteFile(config Config) (string, error) {
	path, ok := strings.CutPrefix(config.DatabaseURL, "sqlite:")
	if !ok {
		return "", errors.New("this is for SQLite. For PostgreSQL use pg_dump and pg_restore")
	}
	return path, nil
}

// withSQLite opens a file on one connection, without the settings of the server.
func withSQLite(ctx context.Context, path string, do func(db *sql.DB) error) error {
	db, err := sql.Open("sqlite", path)
	if err != nil {
		return err
	}
	db.SetMaxOpenConns(1)
	if _, err = db.ExecContext(ctx, "PRAGMA busy_timeout = 2000"); err == nil {
		err = do(db)
	}
	if closed := db.Close(); err == nil {
		err = closed
	}
	return err
}

// checkFile asks SQLite whether the file is a whole database, and one of Turnout's.
func checkFile(ctx context.Context, path string) error {
	return withSQLite(ctx, path, func(db *sql.DB) error {
		var verdict string
		if err := db.QueryRowContext(ctx, "PRAGMA integrity_check(1)").Scan(&verdict); err != nil {
			return err
		}
		if verdict != "ok" {
			return errors.New(verdict)
		}
		var communities int
		return db.QueryRowContext(ctx, "SELECT COUNT(*) FROM communities").Scan(&communities)
	})
}

// settle checks a finished file, brings it onto the disk and gives it its name.
func settle(ctx context.Context, unfinished, name string) error {
	if err := checkFile(ctx, unfinished); err != nil {
		return err
	}
	file, err := os.OpenFile(unfinished, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	if err := errors.Join(file.Chmod(0o600), file.Sync(), file.Close()); err != nil {
		return err
	}
	return os.Rename(unfinished, name)
}

func copyFile(from, to string) error {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	target, err := os.OpenFile(to, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(target, source)
	return errors.Join(err, target.Close())
}
