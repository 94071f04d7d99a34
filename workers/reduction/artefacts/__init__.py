"""Which rows are made of the light of bright stars: latent images, spikes, stripes, glints, halos."""
