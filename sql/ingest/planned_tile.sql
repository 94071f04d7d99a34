-- Whether a tile was planned like this.
SELECT kind = %(kind)s AND footprint = %(footprint)s::spoly FROM survey.tile WHERE tile = %(tile)s
