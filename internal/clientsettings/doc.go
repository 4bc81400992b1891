// Package clientsettings makes ready settings for the clients of a KafkaUser: [Read] says who the user is, [Account.Choose] which listener of
// its cluster its clients take, [Account.Settings] joins both with the user's Secret, and [Settings.Files] writes them in the words of a client.
//
// It is pure: resources and a Secret's data go in, texts come out. Only those texts hold keys and passwords; no error does.
package clientsettings
