package organisers

import (
	"context"
	"encoding/base64"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/internal/database"
)

// WebSessions keeps the sessions of browsers, as the store of alexedwards/scs/v2 (its CtxStore): the cookie's token is stored
// as SHA-256 only, so that who reads the database cannot be somebody else.
type WebSessions struct {
	DB  *database.DB
	Now func() time.Time
	// Account reads from a session's data whose it is, empty for nobody's; so that EndSessions finds it.
	Account func(data []byte) turnout.ID
}

type webSession struct {
	bun.BaseModel `bun:"table:web_sessions,alias:web_session"`

	TokenHash string     `bun:"token_hash,pk"`
	AccountID turnout.ID `bun:"account_id"`
	Data      string     `bun:"data"` // base64
	ExpiresAt time.Time  `bun:"expires_at"`
}

// FindCtx gives the data of a session that has not expired.
func (w *WebSessions) FindCtx(ctx context.Context, token string) ([]byte, bool, error) {
	var row webSession
	err := w.DB.Read().NewSelect().Model(&row).Where("token_hash = ?", Digest(token)).Where("expires_at > ?", w.Now().UTC()).Scan(ctx)
	if database.IsNoRows(err) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	data, err := base64.StdEncoding.DecodeString(row.Data)
	return data, err == nil, err
}

// CommitCtx stores a session.
func (w *WebSessions) CommitCtx(ctx context.Context, token string, data []byte, expiry time.Time) error {
	row := &webSession{TokenHash: Digest(token), AccountID: w.Account(data), Data: base64.StdEncoding.EncodeToString(data),
		ExpiresAt: expiry.UTC().Truncate(time.Microsecond)}
	return w.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.NewInsert().Model(row).On("CONFLICT (token_hash) DO UPDATE").
			Set("account_id = EXCLUDED.account_id").Set("data = EXCLUDED.data").Set("expires_at = EXCLUDED.expires_at").Exec(ctx)
		return err
	})
}

// DeleteCtx removes a session, if it is there.
func (w *WebSessions) DeleteCtx(ctx context.Context, token string) error {
	return w.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.NewDelete().Model((*webSession)(nil)).Where("token_hash = ?", Digest(token)).Exec(ctx)
		return err
	})
}

// Find is FindCtx without a context; scs asks for both and uses the other.
func (w *WebSessions) Find(token string) ([]byte, bool, error) {
	return w.FindCtx(context.Background(), token) //nolint:forbidigo // scs asks for methods without a context
}

// Commit is CommitCtx without a context.
func (w *WebSessions) Commit(token string, data []byte, expiry time.Time) error {
	return w.CommitCtx(context.Background(), token, data, expiry) //nolint:forbidigo // as Find
}

// Delete is DeleteCtx without a context.
func (w *WebSessions) Delete(token string) error {
	return w.DeleteCtx(context.Background(), token) //nolint:forbidigo // as Find
}

// EndSessions signs an account out everywhere.
func EndSessions(ctx context.Context, db bun.IDB, account turnout.ID) error {
	_, err := db.NewDelete().Model((*webSession)(nil)).Where("account_id = ?", account).Exec(ctx)
	return err
}
