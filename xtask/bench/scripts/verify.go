// Verification in Go: golang-jwt, configured as its documentation advises. The conductor's protocol is that of
// player/src/lib.rs; the answer is CPU time of the whole process, as the garbage collector works on threads of its own.
package main

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"github.com/golang-jwt/jwt/v5"
)

func main() {
	key, err := jwt.ParseRSAPublicKeyFromPEM(read("key.pem"))
	check(err)
	token := string(read("token"))
	parser := jwt.NewParser(
		jwt.WithValidMethods([]string{"RS256"}),
		jwt.WithIssuer("Sentinel"),
		jwt.WithAudience("12345678"),
		jwt.WithExpirationRequired(),
		jwt.WithIssuedAt(),
	)
	found := func(*jwt.Token) (interface{}, error) { return key, nil }
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var name string
		var count int
		if _, err := fmt.Sscan(lines.Text(), &name, &count); err != nil || name != "golang-jwt" {
			fmt.Println("error: no subject is called", name)
			continue
		}
		before := cpuTime()
		for done := 0; done < count; done++ {
			_, err := parser.ParseWithClaims(token, &jwt.RegisteredClaims{}, found)
			check(err)
		}
		fmt.Println(cpuTime() - before)
	}
}

// Nanoseconds, of all threads.
func cpuTime() int64 {
	var usage syscall.Rusage
	check(syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return usage.Utime.Nano() + usage.Stime.Nano()
}

func read(name string) []byte {
	content, err := os.ReadFile(filepath.Join(os.Getenv("BENCH_FOLDER"), name))
	check(err)
	return content
}

func check(err error) {
	if err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
}
