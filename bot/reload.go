package bot

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.uber.org/zap"

	"flowkeeper/bot/budget"
	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/mail"
	"flowkeeper/bot/webhook"
	"flowkeeper/bot/worker"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// reloadable is what may change while the bot runs, and the parts that have to be told.
type reloadable struct {
	mu      sync.Mutex // held for a whole change, so that two do not mix
	token   string
	policy  engine.Policy
	reports Reports

	receiver *webhook.Handler
	pool     *worker.Pool // nil until GitLab has told who the bot is
	self     triage.Person
}

// attachPool hands the workers and the reports over to later changes, and what was changed meanwhile to them.
func (a *App) attachPool(pool *worker.Pool, reports *reports, self triage.Person) {
	a.reloadable.mu.Lock()
	defer a.reloadable.mu.Unlock()
	pool.SetPolicy(a.reloadable.policy)
	reports.set(a.reloadable.reports)
	a.reports.Store(reports)
	a.reloadable.pool, a.reloadable.self = pool, self
}

// checkTime bounds how long GitLab is asked about a new token.
const checkTime = 15 * time.Second

// Reload changes what can change while the bot runs, from the next delivery and the next issue on: the webhook's secrets and signing
// tokens, the certificate, GitLab's token, the policy with the prefix of commands and the grace, the settle time, reports and mail. All other options
// are those of New whatever o says. It may be called from Start to Stop.
//
// If anything of it is wrong all stays as it was, and the error says what is wrong, all of it: a certificate that cannot be used, secrets
// that cannot be right, a token that GitLab refuses or that belongs to another user. A GitLab that does not answer is no reason to keep
// a token that may have been revoked: the new one is taken unchecked, and that is logged.
func (a *App) Reload(ctx context.Context, o Options) error {
	a.reloadable.mu.Lock()
	defer a.reloadable.mu.Unlock()
	o.Log = a.o.Log
	pair, err := a.nextCertificate(o)
	err = errors.Join(err, a.reloadable.receiver.CheckSecrets(o.Webhook.Secrets, o.Webhook.SigningTokens), a.checkToken(ctx, o.GitLab.Token), mail.Check(o.Reports.mail()))
	if err != nil {
		return err
	}
	// All were checked and cannot fail here.
	err = errors.Join(a.reloadable.receiver.SetSecrets(o.Webhook.Secrets, o.Webhook.SigningTokens), a.gitlab.SetToken(o.GitLab.Token), a.mailer.Set(o.Reports.mail()))
	if err != nil {
		return err
	}
	if o.GitLab.Token != a.reloadable.token {
		a.access.LookAgain()
	}
	a.shown.Store(&inForce{o.Policy, o.Admin.Config})
	a.reloadable.token, a.reloadable.policy, a.reloadable.reports = o.GitLab.Token, o.Policy, o.Reports
	if pair != nil {
		a.replaceCertificate(pair)
	}
	a.statuses.LookAgain()
	a.logShadowReason(o.Watching)
	a.intake.setConfig(o.Policy)
	if a.reloadable.pool != nil {
		a.reloadable.pool.SetPolicy(o.Policy)
		a.reports.Load().set(o.Reports)
	}
	return nil
}

// logShadowReason remembers why no rule writes, and logs the reason if it is new.
func (a *App) logShadowReason(reason string) {
	before := a.watching.Swap(&reason)
	if reason != "" && (before == nil || *before != reason) {
		a.o.Log.Warn("rules decide and record what they would do, and write nothing (shadow); commands are carried out", zap.String("because", reason))
	}
}

// nextCertificate is the certificate to go on with; nil without TLS, which is switched on and off only by a start.
func (a *App) nextCertificate(o Options) (*tls.Certificate, error) {
	if a.certificate == nil || o.Server.TLSCert == "" && o.Server.TLSKey == "" {
		return nil, nil
	}
	return readCertificate(o)
}

// replaceCertificate shows clients another certificate from now on.
func (a *App) replaceCertificate(pair *tls.Certificate) {
	before := a.certificate.current.Swap(pair)
	if !bytes.Equal(before.Certificate[0], pair.Certificate[0]) {
		a.o.Log.Info("the TLS certificate is another", zap.Time("expires", pair.Leaf.NotAfter))
	}
}

// checkToken asks GitLab about a new token. It has to be of the same user, by whom the bot's notes and changes are recognised.
func (a *App) checkToken(ctx context.Context, token string) error {
	if err := gitlab.CheckToken(token); err != nil {
		return err
	}
	if token == a.reloadable.token || a.reloadable.pool == nil {
		return nil // who the bot is has been told, or is going to be asked with the new token
	}
	ctx, cancel := context.WithTimeout(budget.Urgent(ctx), checkTime)
	defer cancel()
	holder, err := a.gitlab.TokenUser(ctx, token)
	switch {
	case err != nil && isTokenRefused(err):
		return fmt.Errorf("%s does not accept the new token in FLOWKEEPER_GITLAB_TOKEN: %w", a.o.GitLab.URL, err)
	case err != nil:
		a.o.Log.Warn("the new token is used unchecked", zap.Error(err))
	case holder.ID != a.reloadable.self.ID:
		return fmt.Errorf("the new token in FLOWKEEPER_GITLAB_TOKEN belongs to @%s, the bot is @%s: becoming another user needs a restart",
			holder.Username, a.reloadable.self.Username)
	}
	return nil
}
