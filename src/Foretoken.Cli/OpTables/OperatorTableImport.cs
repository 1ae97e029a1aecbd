using System.Globalization;
using Foretoken.Hardware.OpTables;
using Foretoken.Quantities;

namespace Foretoken.Cli.OpTables;

/// <summary>Reads the tables of a GPU out of aiconfigurator's parquet files. Collects every problem of every file.</summary>
internal sealed class OperatorTableImport
{
    private const int NamedRows = 3;

    private readonly List<Problem> _problems = [];
    private readonly List<string> _notes = [];
    private readonly Dictionary<(OperatorKind, string, string), string> _seen = [];
    private readonly List<OperatorTable> _tables = [];

    private OperatorTableImport()
    {
    }

    /// <summary>What was read, and what to know about it.</summary>
    /// <param name="Set">The tables.</param>
    /// <param name="Notes">What was left out or measured twice, in sentences.</param>
    internal sealed record Outcome(OperatorTableSet Set, IReadOnlyList<string> Notes);

    /// <summary>Reads all tables of a folder.</summary>
    /// <param name="path">SYSTEM.yaml, or the folder around it, or the folder of its tables.</param>
    /// <param name="gpu">Name of the GPU where the folder's is another; or null.</param>
    /// <exception cref="InputException">They cannot be used; every problem.</exception>
    public static Outcome Read(string path, string? gpu = null)
    {
        var source = SourceFolder.Find(path);
        var files = Files(source.Folder);
        if (files.Count == 0)
        {
            throw new InputException(source.Folder, "holds no parquet files", "the layout is SYSTEM/OPERATOR/BACKEND/VERSION/*.parquet");
        }

        DuckDbLibrary.Require($"optables import {path}");
        var import = new OperatorTableImport();
        using (var database = new DuckDb())
        {
            foreach (var file in files)
            {
                import.Add(database, source.Folder, file);
            }
        }

        if (import._problems.Count == 0 && import._tables.Count == 0)
        {
            import._problems.Add(new Problem(source.Folder, "holds no table that is understood", "understood are " + string.Join(", ", SourceTable.Files)));
        }

        var tables = import._tables.OrderBy(t => t.Kind).ThenBy(t => t.Backend, StringComparer.Ordinal).ThenBy(t => t.Version, StringComparer.Ordinal).ToList();
        return import._problems.Count == 0 ? new Outcome(new OperatorTableSet(gpu ?? source.System, tables), import._notes) : throw new InputException(import._problems);
    }

    private static List<string> Files(string folder)
    {
        try
        {
            return [.. Directory.EnumerateFiles(folder, "*.parquet", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InputException(folder, $"cannot be read: {e.Message}");
        }
    }

    private void Add(DuckDb database, string folder, string file)
    {
        var inside = Path.GetRelativePath(folder, file);
        if (SourceTable.Of(file) is not { } table)
        {
            _notes.Add($"{inside} is not used: no operator of a step is looked up in it");
            return;
        }

        if (inside.Split(Path.DirectorySeparatorChar) is not [.., var backend, var version, _])
        {
            _problems.Add(new Problem(file, "does not tell its backend and version", "it lies in SYSTEM/OPERATOR/BACKEND/VERSION/"));
            return;
        }

        if (!_seen.TryAdd((table.Kind, backend, version), file))
        {
            _problems.Add(new Problem(file, $"is a second table of {backend} {version}", $"the first is {_seen[(table.Kind, backend, version)]}"));
            return;
        }

        if (file.AsSpan().ContainsAny('*', '?', '['))
        {
            _problems.Add(new Problem(file, "has one of * ? [ in its path, which DuckDB takes for a pattern", "move or rename the folder"));
            return;
        }

        try
        {
            if (Check(database, file, inside, table) is { } rows)
            {
                Read(database, file, inside, table, rows, new OperatorTableBuilder(table.Kind, backend, version));
            }
        }
        catch (DuckDbException e)
        {
            _problems.Add(new Problem(file, $"cannot be read: {e.Message.ReplaceLineEndings("\n").Split("\n\nLINE ")[0].ReplaceLineEndings(" ")}", IsPointer(file) ? "it is a pointer of Git LFS: git lfs pull fetches the file" : null));
        }
    }

    // Where the rows come from, columns that older tables lack filled in; null when something is wrong.
    private string? Check(DuckDb database, string file, string inside, SourceTable table)
    {
        var instead = "";
        var there = database.Columns($"SELECT * FROM read_parquet({DuckDb.Quote(file)}) LIMIT 0").ToDictionary(c => c.Name, c => c.Type);
        var before = _problems.Count;
        foreach (var column in table.Columns)
        {
            if (!there.TryGetValue(column, out var type))
            {
                if (SourceTable.Instead(column, there.ContainsKey) is { } value)
                {
                    instead += $", {value} AS {column}";
                    _notes.Add($"{inside} has no {column}: taken as {value}");
                    continue;
                }

                _problems.Add(new Problem($"{file}: {column}", "the column is missing", "needed are " + string.Join(", ", table.Columns)));
                continue;
            }

            var (good, wanted) = column == "latency"
                ? (IsWhole(type) || type is DuckDbType.Float or DuckDbType.Double or DuckDbType.Decimal, "a number of milliseconds")
                : table.Words.Contains(column) ? (type == DuckDbType.Varchar, "text") : (IsWhole(type), "whole numbers");
            if (!good)
            {
                _problems.Add(new Problem($"{file}: {column}", $"the column is of type {type.ToString().ToUpperInvariant()}", wanted));
            }
        }

        return _problems.Count == before ? $"(SELECT *{instead} FROM read_parquet({DuckDb.Quote(file)}))" : null;
    }

    private static bool IsWhole(DuckDbType type) => type is >= DuckDbType.TinyInt and <= DuckDbType.UBigInt;

    private void Read(DuckDb database, string file, string inside, SourceTable table, string source, OperatorTableBuilder builder)
    {
        var shape = OperatorShape.Of(table.Kind);
        var numbers = table.Sizes.Append(table.Row).Append(table.At).ToArray();
        string[] labels = [.. shape.Sizes, shape.Row, shape.Point];
        var columns = table.Names.Select(n => $"{n}::VARCHAR").Concat(numbers.Select(n => $"({n})::BIGINT")).Append("latency::DOUBLE").Append($"coalesce(({table.Where}), false)::BIGINT");
        var bad = new SortedDictionary<string, List<long>>(StringComparer.Ordinal);
        var (row, used, others) = (0L, 0L, 0L);
        database.Rows($"SELECT {string.Join(", ", columns)} FROM {source}", r =>
        {
            row++;
            var at = table.Names.Length + numbers.Length;
            if (r.Integer(at + 1) == 0)
            {
                others++;
                return;
            }

            used++;
            var names = new string[table.Names.Length];
            var values = new long[numbers.Length];
            var good = true;
            for (var i = 0; i < names.Length; i++)
            {
                good &= !r.IsNull(i) || Bad(shape.Names[i] + ": no value");
                names[i] = r.IsNull(i) ? "" : r.Text(i);
            }

            for (var i = 0; i < numbers.Length; i++)
            {
                values[i] = r.IsNull(names.Length + i) ? -1 : r.Integer(names.Length + i);
                good &= values[i] >= (labels[i] is "" or "window_size" ? 0 : 1) || Bad(labels[i] + (values[i] == -1 ? ": no value" : ": not above 0"));
            }

            var latency = r.IsNull(at) ? double.NaN : r.Number(at);
            good &= (latency > 0 && double.IsFinite(latency * 1000)) || Bad("latency: not above 0");
            if (good)
            {
                builder.Add(names, values[..^2], values[^2], values[^1], latency * 1000);
            }

            bool Bad(string what)
            {
                (bad.TryGetValue(what, out var rows) ? rows : bad[what] = []).Add(row);
                return false;
            }
        });
        foreach (var (what, rows) in bad)
        {
            var shown = string.Join(", ", rows.Take(NamedRows)) + (rows.Count > NamedRows ? ", ..." : "");
            _problems.Add(new Problem($"{file}: {what}", string.Create(CultureInfo.InvariantCulture, $"{rows.Count} of {row} rows: {shown}")));
        }

        if (used == 0)
        {
            _problems.Add(new Problem(file, row == 0 ? "the table is empty" : $"none of its {row} rows can be used: all were {table.Others}"));
            return;
        }

        if (others > 0)
        {
            _notes.Add(string.Create(CultureInfo.InvariantCulture, $"{inside}: {others} rows left out, {table.Others}"));
        }

        if (builder.Repeated > 0)
        {
            _notes.Add(string.Create(CultureInfo.InvariantCulture, $"{inside}: {builder.Repeated} rows measure a point again; the fastest counts"));
        }

        _tables.Add(builder.Build());
    }

    private static bool IsPointer(string file)
    {
        using var stream = File.OpenRead(file);
        Span<byte> start = stackalloc byte[12];
        return stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false) == start.Length && start.SequenceEqual("version http"u8);
    }
}
