package user

// QuotaChange is what becomes of the quotas of one name: those that get a value, and those that hold no more.
type QuotaChange struct {
	Set    Quotas
	Remove []string
}
