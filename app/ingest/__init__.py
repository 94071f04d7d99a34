"""From files on disk to rows of survey: raw nights and Atlas images."""
