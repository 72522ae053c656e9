package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/api/pages"
	"turnout/api/services"
	"turnout/events"
	"turnout/events/organisers"
)

// newGate joins the rules to those who know tokens, sessions and communities.
func newGate(house services.Services, sessions *scs.SessionManager, https, sandbox bool, fail func(*gin.Context, error)) *access.Gate {
	return &access.Gate{
		DB: house.DB, CheckIn: house.CheckIn, DeviceCookie: access.DeviceCookie(https), Sandbox: sandbox, Fail: fail,
		Bearer: func(ctx context.Context, secret string) (access.Caller, error) {
			return bearer(ctx, house.Organisers, secret)
		},
		Session: func(ctx context.Context) (access.Caller, error) { return person(ctx, house, sessions) },
		FindCommunity: func(ctx context.Context, idOrSlug string) (turnout.ID, error) {
			community, err := organisers.FindCommunity(ctx, house.DB.Read(), idOrSlug)
			if err != nil {
				return "", err
			}
			return community.ID, nil
		},
	}
}

// bearer is the program behind an API token.
func bearer(ctx context.Context, s *organisers.Service, secret string) (access.Caller, error) {
	token, err := s.Authenticate(ctx, secret)
	if errors.Is(err, organisers.ErrUnauthenticated) {
		return access.Caller{}, access.ErrBadToken
	}
	if err != nil {
		return access.Caller{}, err
	}
	return access.Caller{
		Token: token.ID, Community: token.CommunityID,
		Has: func(need string, community turnout.ID, _ *events.Event) bool {
			return community == token.CommunityID && token.Can(organisers.Capability(need))
		},
	}, nil
}

// person is the person behind the session, with all that they may do; nobody when there is none or the account is gone.
func person(ctx context.Context, house services.Services, sessions *scs.SessionManager) (access.Caller, error) {
	id := turnout.ID(sessions.GetString(ctx, pages.SessionAccount))
	if id == "" {
		return access.Caller{}, nil
	}
	account, err := organisers.FindStanding(ctx, house.DB.Read(), id)
	if errors.Is(err, turnout.ErrNotFound) {
		return access.Caller{}, nil
	}
	if err != nil {
		return access.Caller{}, err
	}
	if account.Epoch() != sessions.GetString(ctx, pages.SessionEpoch) { // a new password ended it
		return access.Caller{}, nil
	}
	who := access.Caller{Account: id, Name: account.Name, Email: account.Email, Communities: account.Communities}
	who.Has = func(need string, community turnout.ID, event *events.Event) bool {
		place := organisers.Place{Community: community}
		if event != nil {
			place.Group, place.Event = event.GroupID, event.ID
		}
		return organisers.Can(account.Grants[community], organisers.Capability(need), place)
	}
	return who, nil
}

// sessionLife is how long a sign-in lasts.
const sessionLife = 14 * 24 * time.Hour

// newSessions keeps the browsers' sessions in the database. The cookie is unreadable to scripts, is not sent along from
// other sites' pages, and over https belongs to this host alone.
func newSessions(house services.Services, https bool) *scs.SessionManager {
	m := scs.New()
	m.Lifetime = sessionLife
	m.Cookie.Name, m.Cookie.HttpOnly, m.Cookie.SameSite, m.Cookie.Secure = "turnout_session", true, http.SameSiteLaxMode, https
	if https {
		m.Cookie.Name = "__Host-turnout_session"
	}
	m.Store = &organisers.WebSessions{DB: house.DB, Now: house.Now, Account: func(data []byte) turnout.ID {
		_, values, err := m.Codec.Decode(data)
		if err != nil {
			return ""
		}
		id, _ := values[pages.SessionAccount].(string)
		return turnout.ID(id)
	}}
	m.ErrorFunc = func(w http.ResponseWriter, r *http.Request, err error) {
		slog.ErrorContext(r.Context(), "session", "error", err)
		http.Error(w, "The session could not be read. Try again.", http.StatusInternalServerError)
	}
	return m
}
