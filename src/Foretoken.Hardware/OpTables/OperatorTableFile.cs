using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Foretoken.Quantities;

namespace Foretoken.Hardware.OpTables;

/// <summary>
/// The compact file of measured operators. Eight bytes of name and version, the body, and its SHA-256. The body: system,
/// words (a list that keys refer to), tables; text as length and UTF-8, whole numbers in seven-bit groups (ascending ones as
/// differences), times as 32-bit floats in microseconds, little-endian. The same tables give the same bytes.
/// </summary>
public static class OperatorTableFile
{
    private const int HashBytes = 32;
    private const long MaxBytes = 1L << 30;

    private static ReadOnlySpan<byte> Magic => "FTOPTAB1"u8;

    /// <summary>Writes tables.</summary>
    public static void Write(Stream stream, OperatorTableSet set)
    {
        using var body = new MemoryStream();
        using (var writer = new BinaryWriter(body, Encoding.UTF8, leaveOpen: true))
        {
            WriteBody(writer, set);
        }

        var bytes = body.GetBuffer().AsSpan(0, (int)body.Length);
        stream.Write(Magic);
        stream.Write(bytes);
        stream.Write(SHA256.HashData(bytes));
    }

    /// <summary>Reads a file.</summary>
    /// <exception cref="InputException">It cannot be read, or is no such file, or is damaged.</exception>
    public static OperatorTableSet Read(string path)
    {
        byte[] bytes;
        try
        {
            var file = new FileInfo(path);
            if (!file.Exists)
            {
                throw new InputException(path, Directory.Exists(path) ? "is a folder" : "there is no such file", "make one: foretoken optables import DIR --out FILE");
            }

            if (file.Length > MaxBytes)
            {
                throw new InputException(path, $"is {file.Length} bytes long", "a file of operator tables is a few MB");
            }

            bytes = File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new InputException(path, $"cannot be read: {e.Message}");
        }

        return Read(bytes, path);
    }

    /// <summary>Reads a file's bytes.</summary>
    /// <exception cref="InputException">It is no such file, or is damaged.</exception>
    public static OperatorTableSet Read(ReadOnlySpan<byte> bytes, string path)
    {
        if (bytes.Length < Magic.Length || !bytes.StartsWith(Magic[..7]))
        {
            throw new InputException(path, "is not a file of operator tables", "make one: foretoken optables import DIR --out FILE");
        }

        if (bytes[7] != Magic[7])
        {
            throw new InputException(path, $"is of version '{(char)bytes[7]}', this program reads version '{(char)Magic[7]}'", "import the tables again");
        }

        var end = bytes.Length - HashBytes;
        if (end < Magic.Length || !SHA256.HashData(bytes[Magic.Length..end]).AsSpan().SequenceEqual(bytes[end..]))
        {
            throw new InputException(path, "is damaged or cut short: its checksum does not fit", "import the tables again");
        }

        try
        {
            var reader = new Cursor(bytes[Magic.Length..end]);
            return ReadBody(ref reader);
        }
        catch (InvalidDataException e)
        {
            throw new InputException(path, $"cannot be used: {e.Message}", "import the tables again");
        }
    }

    private static void WriteBody(BinaryWriter writer, OperatorTableSet set)
    {
        var words = set.Tables.SelectMany(t => t.Grids.SelectMany(g => g.Names).Append(t.Backend).Append(t.Version)).Distinct().Order(StringComparer.Ordinal).ToList();
        var numbers = words.Select((w, i) => (w, i)).ToDictionary(p => p.w, p => p.i);
        writer.Write(set.System);
        writer.Write7BitEncodedInt(words.Count);
        words.ForEach(writer.Write);
        writer.Write7BitEncodedInt(set.Tables.Count);
        foreach (var table in set.Tables)
        {
            writer.Write7BitEncodedInt((int)table.Kind);
            writer.Write7BitEncodedInt(numbers[table.Backend]);
            writer.Write7BitEncodedInt(numbers[table.Version]);
            writer.Write7BitEncodedInt(table.Grids.Count);
            foreach (var grid in table.Grids)
            {
                foreach (var name in grid.Names)
                {
                    writer.Write7BitEncodedInt(numbers[name]);
                }

                foreach (var size in grid.Sizes)
                {
                    writer.Write7BitEncodedInt64(size);
                }

                WriteRows(writer, grid);
            }
        }
    }

    private static void WriteRows(BinaryWriter writer, OperatorGrid grid)
    {
        writer.Write7BitEncodedInt(grid.Rows.Count);
        var row = 0L;
        foreach (var r in grid.Rows)
        {
            writer.Write7BitEncodedInt64(r.Row - row);
            row = r.Row;
            writer.Write7BitEncodedInt(r.At.Count);
            var at = 0L;
            foreach (var place in r.At)
            {
                writer.Write7BitEncodedInt64(place - at);
                at = place;
            }

            foreach (var us in r.Us)
            {
                writer.Write(us);
            }
        }
    }

    private static OperatorTableSet ReadBody(ref Cursor reader)
    {
        var system = reader.Text();
        var words = new string[reader.Count()];
        for (var i = 0; i < words.Length; i++)
        {
            words[i] = reader.Text();
        }

        var tables = new OperatorTable[reader.Count()];
        for (var i = 0; i < tables.Length; i++)
        {
            var kind = (OperatorKind)reader.Number();
            if (!Enum.IsDefined(kind))
            {
                throw new InvalidDataException("an operator is not known");
            }

            var backend = reader.Word(words);
            var version = reader.Word(words);
            var grids = new OperatorGrid[reader.Count()];
            var shape = OperatorShape.Of(kind);
            for (var g = 0; g < grids.Length; g++)
            {
                var names = new string[shape.Names.Count];
                for (var n = 0; n < names.Length; n++)
                {
                    names[n] = reader.Word(words);
                }

                var sizes = new long[shape.Sizes.Count];
                for (var n = 0; n < sizes.Length; n++)
                {
                    sizes[n] = reader.Number();
                }

                grids[g] = new OperatorGrid(names, sizes, ReadRows(ref reader));
            }

            tables[i] = new OperatorTable(kind, backend, version, grids);
        }

        return reader.AtEnd ? new OperatorTableSet(system, tables) : throw new InvalidDataException("it goes on after its end");
    }

    private static GridRow[] ReadRows(ref Cursor reader)
    {
        var rows = new GridRow[reader.Count()];
        var row = 0L;
        for (var i = 0; i < rows.Length; i++)
        {
            row += reader.Number();
            var at = new long[reader.Count()];
            for (var j = 0; j < at.Length; j++)
            {
                at[j] = reader.Number() + (j == 0 ? 0 : at[j - 1]);
                if (j > 0 && at[j] <= at[j - 1])
                {
                    throw new InvalidDataException("an axis does not ascend");
                }
            }

            var us = new float[at.Length];
            for (var j = 0; j < us.Length; j++)
            {
                us[j] = reader.Single();
            }

            if (us.Length == 0 || us.Any(t => !(t > 0) || !float.IsFinite(t)) || (i > 0 && row <= rows[i - 1].Row))
            {
                throw new InvalidDataException("a grid has no points, or times that are not above 0");
            }

            rows[i] = new GridRow(row, at, us);
        }

        return rows.Length > 0 ? rows : throw new InvalidDataException("a grid has no rows");
    }

    private ref struct Cursor(ReadOnlySpan<byte> rest)
    {
        private ReadOnlySpan<byte> _rest = rest;

        public readonly bool AtEnd => _rest.IsEmpty;

        public long Number()
        {
            var value = 0L;
            for (var shift = 0; shift < 63; shift += 7)
            {
                var part = Take(1)[0];
                value |= (long)(part & 0x7F) << shift;
                if (part < 0x80)
                {
                    return value;
                }
            }

            throw new InvalidDataException("a number is too long");
        }

        // A count promises at least so many bytes.
        public int Count() => Number() is var count && count <= _rest.Length ? (int)count : throw new InvalidDataException("it ends too early");

        public string Text() => Encoding.UTF8.GetString(Take(Count()));

        public float Single() => BinaryPrimitives.ReadSingleLittleEndian(Take(4));

        public string Word(string[] words) => Number() is var i && i < words.Length ? words[i] : throw new InvalidDataException("a word is missing");

        private ReadOnlySpan<byte> Take(int count)
        {
            if (count > _rest.Length)
            {
                throw new InvalidDataException("it ends too early");
            }

            var taken = _rest[..count];
            _rest = _rest[count..];
            return taken;
        }
    }
}
