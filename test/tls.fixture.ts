// A self-signed certificate for localhost and 127.0.0.1, and its key, so that the tests need no openssl. Both are public: good for
// nothing but tests. Valid from 2020 to 2120.

export const TEST_KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgUJ+Rfa92Z+zMobvz
Nkncg1+kJHYy0v7bR/X2gYMmeU+hRANCAATeGdhHJ2VTOJhBamjmKEGIwod5FmNH
huLRJ+cKZqzq07dH/f8Tv2b6vLquqQajDW2dCN6z1+3nrY7oyp/eOVKf
-----END PRIVATE KEY-----
`;

export const TEST_CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBRzCB7qADAgECAgEBMAoGCCqGSM49BAMCMBQxEjAQBgNVBAMMCWxvY2FsaG9z
dDAgFw0yMDAxMDEwMDAwMDBaGA8yMTIwMDEwMTAwMDAwMFowFDESMBAGA1UEAwwJ
bG9jYWxob3N0MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE3hnYRydlUziYQWpo
5ihBiMKHeRZjR4bi0SfnCmas6tO3R/3/E79m+ry6rqkGow1tnQjes9ft562O6Mqf
3jlSn6MvMC0wGgYDVR0RBBMwEYIJbG9jYWxob3N0hwR/AAABMA8GA1UdEwEB/wQF
MAMBAf8wCgYIKoZIzj0EAwIDSAAwRQIgPTHquAyJPWR6mimZDR724HvfpMN9umGr
6RraA+b3XQYCIQCIzlnCjwuJfBFQ/JW9BQ2HidRGysl1nyrJcvTUTC/b7A==
-----END CERTIFICATE-----
`;
