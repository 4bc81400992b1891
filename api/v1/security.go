package v1

// CertificateExpirationPolicy says what is replaced when the certificate of an authority nears its end.
//
// +kubebuilder:validation:Enum=renew-certificate;replace-key
type CertificateExpirationPolicy string

// What is replaced when the certificate of an authority nears its end.
const (
	// RenewCertificate makes a new certificate for the same key. The default.
	RenewCertificate CertificateExpirationPolicy = "renew-certificate"
	// ReplaceKey makes a new key and certificate.
	ReplaceKey CertificateExpirationPolicy = "replace-key"
)

// CertificateAuthority says how a certificate authority is kept.
type CertificateAuthority struct {
	// Whether the operator makes and renews it. Otherwise the user brings its Secrets. Default: true.
	GenerateCertificateAuthority *bool `json:"generateCertificateAuthority,omitempty"`
	// Whether its Secrets go when the cluster goes. Default: true.
	GenerateSecretOwnerReference *bool `json:"generateSecretOwnerReference,omitempty"`
	// Days a certificate is valid. Default: 365.
	//
	// +kubebuilder:validation:Minimum=1
	ValidityDays *int32 `json:"validityDays,omitempty"`
	// Days before its end at which a certificate is renewed. Default: 30.
	//
	// +kubebuilder:validation:Minimum=1
	RenewalDays *int32 `json:"renewalDays,omitempty"`
	// What is replaced then. Default: renew-certificate.
	CertificateExpirationPolicy CertificateExpirationPolicy `json:"certificateExpirationPolicy,omitempty"`
}

// CertAndKeySecretSource names a certificate and its key in a Secret of the same namespace.
type CertAndKeySecretSource struct {
	// Name of the Secret.
	SecretName string `json:"secretName"`
	// Key of the Secret that holds the certificate chain (PEM).
	Certificate string `json:"certificate"`
	// Key of the Secret that holds the private key (PEM).
	Key string `json:"key"`
}

// SecretKeySource is a value kept in a Secret.
type SecretKeySource struct {
	// Key of the Secret.
	SecretKeyRef *KeySelector `json:"secretKeyRef,omitempty"`
}
