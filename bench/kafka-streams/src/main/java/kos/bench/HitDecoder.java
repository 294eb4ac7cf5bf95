package kos.bench;

import fr.xebia.ldi.common.schema.Direction;
import fr.xebia.ldi.common.schema.Game;
import fr.xebia.ldi.common.schema.Hit;
import fr.xebia.ldi.common.schema.ImpactType;
import fr.xebia.ldi.common.schema.Key;
import fr.xebia.ldi.common.schema.Level;
import java.util.Arrays;

/** The reading half of src/game/hit_codec.ts, by tables and without a copy: allocates only the hit. Digits only, as generated frames have them. */
final class HitDecoder {
    private static final byte[] NIBBLES = new byte[128];
    private static final Key[] KEYS = new Key[256];
    private static final Direction[] DIRECTIONS = new Direction[256];
    private static final ImpactType[] IMPACTS = new ImpactType[256];
    private static final Level[] LEVELS = new Level[256];
    private static final Game[] GAMES = new Game[256];

    static {
        Arrays.fill(NIBBLES, (byte) -1);
        for (int i = 0; i < 16; i++) {
            NIBBLES[Character.forDigit(i, 16)] = (byte) i;
            NIBBLES[Character.toUpperCase(Character.forDigit(i, 16))] = (byte) i;
        }
        KEYS[0xe3] = Key.X;
        KEYS[0xc3] = Key.O;
        DIRECTIONS[0x8a] = Direction.UP;
        DIRECTIONS[0x8c] = Direction.DOWN;
        DIRECTIONS[0x8d] = Direction.LEFT;
        DIRECTIONS[0x8e] = Direction.RIGHT;
        IMPACTS[0x72] = ImpactType.Fatal;
        IMPACTS[0x4f] = ImpactType.Critical;
        IMPACTS[0xa2] = ImpactType.Special;
        IMPACTS[0xb1] = ImpactType.Direct;
        IMPACTS[0x1f] = ImpactType.Missed;
        LEVELS[0xf9] = Level.Pro;
        LEVELS[0xe9] = Level.Inter;
        LEVELS[0xd9] = Level.NewBie;
        GAMES[0xa5] = Game.Neowave;
        GAMES[0xb5] = Game.NeoBlood;
        GAMES[0xc5] = Game.HowlingBlood;
        GAMES[0xd5] = Game.MaximumImpact;
        GAMES[0xe5] = Game.HeatofBattleFromParadise;
    }

    private HitDecoder() {}

    /** The hit at the beginning of the digits; null when there is none. */
    static Hit fromHex(String hex) {
        int at = 0;
        int read = byteAt(hex, at++);
        if (read < 0) return null;
        Key key = KEYS[read];
        Direction direction = null;
        read = byteAt(hex, at++);
        if (read < 0 || key == null) return null;
        if (read != 0) {
            read = byteAt(hex, at++);
            if (read < 0 || (direction = DIRECTIONS[read]) == null) return null;
        }
        read = byteAt(hex, at++);
        if (read < 0) return null;
        ImpactType impactType = IMPACTS[read];
        if (impactType == null) return null;
        int impact = 0;
        if (impactType != ImpactType.Missed && (impact = byteAt(hex, at++)) < 0) return null;
        Key doubleKey = null;
        read = byteAt(hex, at++);
        if (read < 0) return null;
        if (read != 0) {
            read = byteAt(hex, at++);
            if (read < 0 || (doubleKey = KEYS[read]) == null) return null;
        }
        read = byteAt(hex, at++);
        if (read < 0) return null;
        Level level = LEVELS[read];
        read = byteAt(hex, at);
        if (read < 0) return null;
        Game game = GAMES[read];
        if (level == null || game == null) return null;
        return new Hit(impact, key, doubleKey, direction, impactType, level, game);
    }

    /** The byte of two digits; less than 0 when they are not there. */
    private static int byteAt(String hex, int index) {
        int at = 2 * index;
        if (at + 1 >= hex.length()) return -1;
        char high = hex.charAt(at);
        char low = hex.charAt(at + 1);
        if ((high | low) >= 128) return -1;
        return NIBBLES[high] << 4 | NIBBLES[low];
    }
}
