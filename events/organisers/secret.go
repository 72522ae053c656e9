package organisers

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
)

// NewSecret gives 256 random bits that survive a URL.
func NewSecret() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails (crypto/rand ends the program instead)
	return base64.RawURLEncoding.EncodeToString(b)
}

// Digest is how a secret is stored. One with 256 random bits needs no salt and no slow hash.
func Digest(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}
