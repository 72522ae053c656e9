// Package signing makes and checks the secrets that stand in links: keyed hashes that are not stored anywhere.
package signing

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
)

// Keys are the installation's secrets: TURNOUT_SECRET and, after a change of it, the one before.
type Keys struct {
	Current  []byte
	Previous []byte // empty when there is none; still verifies
}

// Sign gives the secret for a purpose ("order") and its parts, as 32 URL-safe characters (192 bits of HMAC-SHA256).
func (k Keys) Sign(purpose string, parts ...string) string {
	return sign(k.Current, purpose, parts)
}

// Verify reports, in constant time, whether token is the secret for the purpose and its parts, by either key.
func (k Keys) Verify(token, purpose string, parts ...string) bool {
	ok := hmac.Equal([]byte(token), []byte(sign(k.Current, purpose, parts)))
	if len(k.Previous) > 0 {
		ok = hmac.Equal([]byte(token), []byte(sign(k.Previous, purpose, parts))) || ok
	}
	return ok
}

// sign writes each part behind its length, so that no two lists of parts give the same text.
func sign(key []byte, purpose string, parts []string) string {
	mac := hmac.New(sha256.New, key)
	for _, part := range append([]string{purpose}, parts...) {
		_ = binary.Write(mac, binary.BigEndian, uint32(len(part)))
		mac.Write([]byte(part))
	}
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:24])
}
