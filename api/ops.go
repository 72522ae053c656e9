package api

import (
	"io/fs"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/respond"
	"turnout/migrations"
	"turnout/templates"
)

var (
	errNoRoute  = &turnout.Error{Kind: turnout.NotFound, Code: "not_found", Message: "There is nothing at this address."}
	errStopping = &turnout.Error{Kind: turnout.Unavailable, Code: "stopping", Message: "This server is shutting down."}
	errDatabase = &turnout.Error{Kind: turnout.Unavailable, Code: "database", Message: "The database does not answer."}
	errMigrate  = &turnout.Error{Kind: turnout.Unavailable, Code: "migrations", Message: "The database is older than this program. Run turnout migrate."}
)

// health says that the process runs.
func (s *server) health(c *gin.Context) { respond.JSON(c, http.StatusOK, gin.H{"status": "ok"}) }

// ready says whether requests should come here: the database answers and has this program's tables, and nobody stops us.
// It asks no payment provider: their outage is no reason to take a shop away.
func (s *server) ready(c *gin.Context) {
	select {
	case <-s.stopping:
		respond.Fail(c, errStopping)
		return
	default:
	}
	applied, err := s.DB.Read().NewSelect().TableExpr("bun_migrations").Count(c.Request.Context())
	switch {
	case err != nil:
		respond.Fail(c, errDatabase.Because(err))
	case applied < int64(len(migrations.Texts())):
		respond.Fail(c, errMigrate)
	default:
		respond.JSON(c, http.StatusOK, gin.H{"status": "ready"})
	}
}

// static serves styles, scripts and vendored files. Every name holds a hash or a version, so it never changes.
func static() gin.HandlerFunc {
	files := templates.Static()
	server := http.StripPrefix(strings.TrimSuffix(templates.StaticPrefix, "/"), http.FileServerFS(files))
	return func(c *gin.Context) {
		name := strings.TrimPrefix(c.Param("file"), "/")
		if info, err := fs.Stat(files, name); err != nil || info.IsDir() {
			respond.Fail(c, errNoRoute)
			return
		}
		c.Header("Cache-Control", "public, max-age=31536000, immutable")
		server.ServeHTTP(c.Writer, c.Request)
	}
}
