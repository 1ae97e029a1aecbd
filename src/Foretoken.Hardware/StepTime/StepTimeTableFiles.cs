using System.Globalization;
using System.IO.Compression;
using Foretoken.Quantities;

namespace Foretoken.Hardware.StepTime;

/// <summary>
/// Reads measured tables. CSV has the header <c>phase,new_tokens,batch,context,milliseconds</c>; a row of phase
/// <c>prefill</c> fills new_tokens, one of phase <c>decode</c> batch and context, and the decode rows form a full grid. NPZ is
/// DynoSim's: prefill_isl, prefill_ttft_ms, decode_active_kv_tokens, decode_context_length, decode_itl.
/// </summary>
public static class StepTimeTableFiles
{
    private const string Header = "phase,new_tokens,batch,context,milliseconds";

    /// <summary>Reads a table by the file's extension, .csv or .npz.</summary>
    /// <exception cref="InputException">The file cannot be read or used; names every problem.</exception>
    public static StepTimeTable Read(string path)
    {
        StepTimeTable table;
        try
        {
            table = Path.GetExtension(path).ToUpperInvariant() switch
            {
                ".CSV" => ReadCsv(path),
                ".NPZ" => ReadNpz(path),
                _ => throw new InputException(path, "the kind of table is not known", "a file named .csv or .npz"),
            };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            throw new InputException(path, e is FileNotFoundException or DirectoryNotFoundException ? "no such file" : $"cannot be read: {e.Message}");
        }

        var problems = table.Problems(path).ToList();
        return problems.Count == 0 ? table : throw new InputException(problems);
    }

    private static StepTimeTable ReadCsv(string path)
    {
        var problems = new List<Problem>();
        var prefill = new SortedDictionary<double, double>();
        var decode = new SortedDictionary<(double Batch, double Context), double>();
        var number = 0;
        foreach (var line in File.ReadLines(path))
        {
            number++;
            if (number == 1)
            {
                if (!string.Equals(line.Trim().TrimStart('\uFEFF'), Header, StringComparison.OrdinalIgnoreCase))
                {
                    throw new InputException($"{path}:1", $"the header is '{Shorten(line)}'", Header);
                }

                continue;
            }

            if (!string.IsNullOrWhiteSpace(line))
            {
                ReadRow($"{path}:{number}", line, prefill, decode, problems);
            }
        }

        var batches = decode.Keys.Select(k => k.Batch).Distinct().Order().ToArray();
        var contexts = decode.Keys.Select(k => k.Context).Distinct().Order().ToArray();
        var times = new double[batches.Length * contexts.Length];
        for (var i = 0; i < times.Length; i++)
        {
            var key = (batches[i / contexts.Length], contexts[i % contexts.Length]);
            if (!decode.TryGetValue(key, out times[i]))
            {
                problems.Add(new Problem(path, string.Create(CultureInfo.InvariantCulture, $"no decode row for batch {key.Item1} and context {key.Item2}"), "every batch measured at every context"));
            }
        }

        if (problems.Count > 0)
        {
            throw new InputException(problems);
        }

        return new StepTimeTable
        {
            PrefillTokens = [.. prefill.Keys],
            PrefillMilliseconds = [.. prefill.Values],
            DecodeFirstAxis = DecodeAxis.Batch,
            DecodeFirst = batches,
            DecodeContext = contexts,
            DecodeMilliseconds = times,
        };
    }

    private static void ReadRow(
        string place,
        string line,
        SortedDictionary<double, double> prefill,
        SortedDictionary<(double Batch, double Context), double> decode,
        List<Problem> problems)
    {
        var cells = line.Split(',');
        if (cells.Length != 5)
        {
            problems.Add(new Problem(place, $"{cells.Length} fields", "five: " + Header));
            return;
        }

        var phase = cells[0].Trim();
        var names = Header.Split(',');
        double Cell(int i)
        {
            if (double.TryParse(cells[i], NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && value >= 0 && double.IsFinite(value))
            {
                return value;
            }

            problems.Add(new Problem($"{place}: {names[i]}", $"'{Shorten(cells[i])}' is not a number of at least 0"));
            return double.NaN;
        }

        var known = phase switch
        {
            "prefill" => prefill.TryAdd(Cell(1), Cell(4)),
            "decode" => decode.TryAdd((Cell(2), Cell(3)), Cell(4)),
            _ => (bool?)null,
        };
        if (known is null)
        {
            problems.Add(new Problem($"{place}: phase", $"'{Shorten(phase)}'", "prefill or decode"));
        }
        else if (known is false)
        {
            problems.Add(new Problem(place, "the same point was measured before", "one row per point (average repeated measurements)"));
        }
    }

    private static StepTimeTable ReadNpz(string path)
    {
        using var zip = ZipFile.OpenRead(path);
        var problems = new List<Problem>();
        double[] Array(string name, int dimensions, out int[] shape)
        {
            shape = [];
            var entry = zip.GetEntry(name + ".npy");
            if (entry is null)
            {
                problems.Add(new Problem(path, $"the array '{name}' is missing", "prefill_isl, prefill_ttft_ms, decode_active_kv_tokens, decode_context_length, decode_itl"));
                return [];
            }

            using var stream = entry.Open();
            var values = NumpyArray.Read(stream, $"{path}: {name}", out shape);
            if (shape.Length != dimensions)
            {
                problems.Add(new Problem($"{path}: {name}", $"has {shape.Length} dimensions", $"{dimensions}"));
            }

            return values;
        }

        var table = new StepTimeTable
        {
            PrefillTokens = Array("prefill_isl", 1, out _),
            PrefillMilliseconds = Array("prefill_ttft_ms", 1, out _),
            DecodeFirstAxis = DecodeAxis.ActiveKvTokens,
            DecodeFirst = Array("decode_active_kv_tokens", 1, out var first),
            DecodeContext = Array("decode_context_length", 1, out var second),
            DecodeMilliseconds = Array("decode_itl", 2, out var grid),
        };
        if (problems.Count == 0 && !grid.SequenceEqual([.. first, .. second]))
        {
            problems.Add(new Problem($"{path}: decode_itl", $"has the shape ({string.Join(", ", grid)})", $"({string.Join(", ", first.Concat(second))}), as its axes"));
        }

        return problems.Count == 0 ? table : throw new InputException(problems);
    }

    private static string Shorten(string text) => text.Length <= 60 ? text : text[..57] + "...";
}
