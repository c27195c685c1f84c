// Go's golang.org/x/oauth2: V1, V2 and delegated; verified by the standard library.
package main

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

var (
	account  = os.Getenv("LP_ACCOUNT_ID")
	clientID = os.Getenv("LP_CLIENT_ID")
	client   = &http.Client{Timeout: 10 * time.Second}
)

func main() {
	var entry struct {
		BaseURI string `json:"baseURI"`
	}
	fetch(os.Getenv("LP_DOMAIN_API")+"/api/account/"+account+"/service/sentinel/baseURI.json?version=1.0", &entry)
	base := "https://" + entry.BaseURI + "/sentinel"
	var set struct {
		Keys []struct{ Kid, N, E string }
	}
	fetch(base+"/well-known/jwks", &set)
	keys := map[string]*rsa.PublicKey{}
	for _, key := range set.Keys {
		number := func(text string) *big.Int { return new(big.Int).SetBytes(decode(text)) }
		keys[key.Kid] = &rsa.PublicKey{N: number(key.N), E: int(number(key.E).Int64())}
	}
	block, _ := pem.Decode(read("LP_V1_KEYS"))
	v1Key, err := x509.ParsePKIXPublicKey(block.Bytes)
	check(err)

	v2 := ask(base + "/api/v2/account/" + account + "/app/token")
	verify(v2, keys[kid(v2)])
	fmt.Println("sent v2")
	left := time.Until(v2.Expiry).Round(time.Minute)
	if left != time.Hour {
		panic(left)
	}
	fmt.Println(`seen V2, expires_in "3600": taken for a number`)

	delegated := ask(base + "/api/v2/account/" + account + "/app/token?state=consumer-1")
	if claims := verify(delegated, keys[kid(delegated)]); claims["https://liveperson.com/consumer_id"] != "consumer-1" {
		panic("not bound to the consumer")
	}
	fmt.Println("sent delegated")

	v1 := ask(base + "/api/account/" + account + "/app/token?v=1.0")
	verify(v1, v1Key.(*rsa.PublicKey))
	fmt.Println("sent v1")
	if !v1.Expiry.IsZero() {
		panic(v1.Expiry)
	}
	fmt.Println("seen V1, no expires_in: the token counts as valid for ever")

	build, _ := debug.ReadBuildInfo()
	for _, module := range build.Deps {
		if module.Path == "golang.org/x/oauth2" {
			fmt.Println("client", module.Path, module.Version)
		}
	}
	fmt.Println("needed SSL_CERT_FILE; AuthStyleInParams")
}

func ask(url string) *oauth2.Token {
	config := clientcredentials.Config{
		ClientID:     clientID,
		ClientSecret: strings.TrimSpace(string(read("LP_CLIENT_SECRET_FILE"))),
		TokenURL:     url,
		AuthStyle:    oauth2.AuthStyleInParams,
	}
	token, err := config.Token(context.WithValue(context.Background(), oauth2.HTTPClient, client))
	check(err)
	return token
}

func verify(token *oauth2.Token, key *rsa.PublicKey) map[string]interface{} {
	parts := strings.Split(token.AccessToken, ".")
	digest := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	check(rsa.VerifyPKCS1v15(key, crypto.SHA256, digest[:], decode(parts[2])))
	claims := map[string]interface{}{}
	check(json.Unmarshal(decode(parts[1]), &claims))
	expired := time.Now().After(time.Unix(int64(claims["exp"].(float64)), 0))
	if claims["iss"] != "Sentinel" || claims["aud"] != account || claims["azp"] != clientID || expired {
		panic("the token is not good")
	}
	return claims
}

func kid(token *oauth2.Token) string {
	var header struct{ Alg, Kid string }
	check(json.Unmarshal(decode(strings.Split(token.AccessToken, ".")[0]), &header))
	if header.Alg != "RS256" {
		panic(header.Alg)
	}
	return header.Kid
}

func decode(text string) []byte {
	bytes, err := base64.RawURLEncoding.DecodeString(text)
	check(err)
	return bytes
}

func fetch(url string, into interface{}) {
	reply, err := client.Get(url)
	check(err)
	defer reply.Body.Close()
	check(json.NewDecoder(reply.Body).Decode(into))
}

func read(variable string) []byte {
	content, err := os.ReadFile(os.Getenv(variable))
	check(err)
	return content
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
