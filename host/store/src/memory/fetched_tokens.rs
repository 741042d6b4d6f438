//! Fetched tokens in the store in memory.

use std::cmp::Reverse;

use async_trait::async_trait;
use hookyard_domain::connection::Incarnation;
use hookyard_domain::id::ConnectionId;
use hookyard_domain::limit;

use super::MemoryStore;
use super::state::State;
use crate::{FetchedToken, FetchedTokens, KeepTokenError, StoreError};

impl State {
    fn keep_token(&mut self, token: FetchedToken) -> Result<(), KeepTokenError> {
        let incarnation = self.lives.get(&token.connection).map(|life| life.incarnation).unwrap_or_default();
        if incarnation != token.incarnation {
            return Err(KeepTokenError::Gone);
        }
        let connection = token.connection.clone();
        let newest = token.key;
        self.fetched_tokens.insert((connection.clone(), newest), token);
        let of_connection = self.fetched_tokens.values().filter(|token| token.connection == connection);
        let mut others: Vec<_> = of_connection
            .filter(|token| token.key != newest)
            .map(|token| (Reverse(token.rotated), Reverse(token.at), token.key))
            .collect();
        others.sort();
        for (.., key) in others.into_iter().skip(limit::FETCHED_TOKENS_MAX - 1) {
            self.fetched_tokens.remove(&(connection.clone(), key));
        }
        Ok(())
    }
}

#[async_trait]
impl FetchedTokens for MemoryStore {
    async fn fetched_token(
        &self,
        connection: &ConnectionId,
        incarnation: Incarnation,
        key: [u8; 16],
    ) -> Result<Option<FetchedToken>, StoreError> {
        let state = self.state()?;
        let found = state.fetched_tokens.get(&(connection.clone(), key));
        Ok(found.filter(|token| token.incarnation == incarnation).cloned())
    }

    async fn keep_fetched_token(&self, token: FetchedToken) -> Result<(), KeepTokenError> {
        self.state()?.keep_token(token)
    }

    async fn holds_rotated_token(&self) -> Result<bool, StoreError> {
        Ok(self.state()?.fetched_tokens.values().any(|token| token.rotated))
    }
}
