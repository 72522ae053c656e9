package organisers

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"turnout"
)

// Cost of a hash: argon2id with 19 MiB, two passes, one lane, as OWASP's Password Storage Cheat Sheet advises (RFC 9106 names
// the parameters).
const (
	argonMemory = 19 * 1024 // KiB
	argonTime   = 2
	argonLanes  = 1
)

// Bounds of a password, in characters. There are no rules about its composition: they make passwords worse (NIST SP 800-63B
// section 5.1.1.2).
const (
	PasswordMin = 10
	PasswordMax = 200
)

// hashing bounds the memory of sign-ins: two hashes at once, the others wait.
var hashing = make(chan struct{}, 2)

// checkPassword is a field problem when a new password is too short or too long.
func checkPassword(password string) error {
	if n := utf8.RuneCountInString(norm.NFC.String(password)); n < PasswordMin || n > PasswordMax {
		return turnout.Invalidf("password", "password", "A password has %d to %d characters. A sentence is good.", PasswordMin, PasswordMax)
	}
	return nil
}

// hashPassword gives the PHC string of a password: $argon2id$v=19$m=19456,t=2,p=1$salt$hash.
func hashPassword(ctx context.Context, password string) (string, error) {
	salt := make([]byte, 16)
	_, _ = rand.Read(salt) // never fails (crypto/rand ends the program instead)
	key, err := derive(ctx, password, salt, argonTime, argonMemory)
	if err != nil {
		return "", err
	}
	encode := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonMemory, argonTime, argonLanes, encode(salt), encode(key)), nil
}

// noPassword is compared with when there is no account or no password, so that the answer takes as long as with one.
var noPassword = fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonMemory, argonTime, argonLanes,
	strings.Repeat("A", 22), strings.Repeat("A", 43))

// passwordFits reports whether the password has the hash. An empty hash fits nothing, in the same time.
func passwordFits(ctx context.Context, hash, password string) (bool, error) {
	if utf8.RuneCountInString(password) > PasswordMax*4 { // before NFC; nothing that long was ever accepted
		password = ""
	}
	known := hash != ""
	if !known {
		hash = noPassword
	}
	var version, memory, passes, lanes uint32
	parts := strings.Split(hash, "$")
	if len(parts) != 6 || parts[1] != "argon2id" {
		return false, fmt.Errorf("organisers: a stored password hash is damaged")
	}
	if _, err := fmt.Sscanf(parts[2]+" "+parts[3], "v=%d m=%d,t=%d,p=%d", &version, &memory, &passes, &lanes); err != nil || version != argon2.Version || lanes != argonLanes {
		return false, fmt.Errorf("organisers: a stored password hash has parameters that this program does not know")
	}
	salt, err := base64.RawStdEncoding.DecodeString(parts[4])
	if err != nil {
		return false, fmt.Errorf("organisers: a stored password hash is damaged")
	}
	want, err := base64.RawStdEncoding.DecodeString(parts[5])
	if err != nil || len(want) == 0 {
		return false, fmt.Errorf("organisers: a stored password hash is damaged")
	}
	got, err := derive(ctx, password, salt, passes, memory)
	return known && subtle.ConstantTimeCompare(got, want) == 1, err
}

// derive waits for its turn, or for the caller to give up.
func derive(ctx context.Context, password string, salt []byte, passes, memory uint32) ([]byte, error) {
	select {
	case hashing <- struct{}{}:
		defer func() { <-hashing }()
		return argon2.IDKey([]byte(norm.NFC.String(password)), salt, passes, memory, argonLanes, 32), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
