using System.Globalization;
using Foretoken.Quantities;

namespace Foretoken.Twin.Scenarios.Fields;

/// <summary>The units that a kind of quantity may be written in, with their factor to the base unit.</summary>
public sealed class UnitTable
{
    /// <summary>Lengths of time, in nanoseconds. A unit is required: a bare number could be seconds or milliseconds.</summary>
    public static readonly UnitTable Duration = new("a duration with its unit", "500ms", "2s, 5m (minutes), 1.5h", plainAllowed: false,
        ("ns", 1m), ("us", 1e3m), ("µs", 1e3m), ("ms", 1e6m), ("s", 1e9m), ("m", 60e9m), ("min", 60e9m), ("h", 3600e9m), ("d", 86400e9m));

    /// <summary>Amounts of memory, in bytes. A unit is required.</summary>
    public static readonly UnitTable Bytes = new("an amount of memory with its unit", "80GiB", "512MiB, 40GB, 128KiB", plainAllowed: false,
        ("B", 1m), ("kB", 1e3m), ("KB", 1e3m), ("MB", 1e6m), ("GB", 1e9m), ("TB", 1e12m),
        ("KiB", 1024m), ("MiB", 1048576m), ("GiB", 1073741824m), ("TiB", 1099511627776m));

    /// <summary>Transfer rates, in bytes per second. A unit is required.</summary>
    public static readonly UnitTable Bandwidth = new("a bandwidth with its unit", "25GB/s", "400Gbit/s, 3.35TB/s", plainAllowed: false,
        ("B/s", 1m), ("kB/s", 1e3m), ("MB/s", 1e6m), ("GB/s", 1e9m), ("TB/s", 1e12m), ("MiB/s", 1048576m), ("GiB/s", 1073741824m),
        ("Mbit/s", 125e3m), ("Gbit/s", 125e6m), ("Tbit/s", 125e9m));

    /// <summary>Events per second; a bare number is per second.</summary>
    public static readonly UnitTable Rate = new("a rate", "3.4", "requests per second, or 200/min, 5k/h", plainAllowed: true,
        ("", 1m), ("/s", 1m), ("k/s", 1e3m), ("/m", 1m / 60), ("/min", 1m / 60), ("k/min", 1000m / 60), ("/h", 1m / 3600), ("k/h", 1000m / 3600), ("M/h", 1e6m / 3600));

    /// <summary>Whole things that are counted; k, M and G are thousands, millions and billions, Ki, Mi and Gi powers of 1024. K is not read: engines take it for 1024, people for 1000.</summary>
    public static readonly UnitTable Count = new("a whole number", "1000", "1_000, 1k (a thousand) or 1Ki (1024) also do", plainAllowed: true,
        ("", 1m), ("k", 1e3m), ("M", 1e6m), ("G", 1e9m), ("Ki", 1024m), ("Mi", 1048576m), ("Gi", 1073741824m));

    /// <summary>Plain numbers; % is a hundredth.</summary>
    public static readonly UnitTable Number = new("a number", "0.5", "50% also does", plainAllowed: true, ("", 1m), ("%", 0.01m));

    /// <summary>Amounts that need not be whole, such as a mean number of tokens.</summary>
    public static readonly UnitTable Amount = new("a number", "1000", "1_000 or 1k also do", plainAllowed: true,
        ("", 1m), ("k", 1e3m), ("M", 1e6m), ("G", 1e9m), ("Ki", 1024m), ("Mi", 1048576m), ("Gi", 1073741824m));

    private readonly (string Unit, decimal Factor)[] _units;
    private readonly bool _plainAllowed;

    private UnitTable(string what, string example, string more, bool plainAllowed, params (string, decimal)[] units)
    {
        What = what;
        Example = example;
        More = more;
        _plainAllowed = plainAllowed;
        _units = units;
    }

    /// <summary>What is written, with its article.</summary>
    public string What { get; }

    /// <summary>One value as it may be written.</summary>
    public string Example { get; }

    /// <summary>Other ways to write it.</summary>
    public string More { get; }

    /// <summary>The units, the empty one for a bare number.</summary>
    public IEnumerable<string> Units => _units.Select(u => u.Unit);

    /// <summary>Whether a bare number is a value.</summary>
    public bool PlainAllowed => _plainAllowed;

    /// <summary>Reads a quantity in the base unit; on failure says what is wrong and what would be right.</summary>
    public bool TryRead(string text, out decimal value, out Problem? problem, string place)
    {
        value = 0;
        problem = null;
        if (!Quantity.TrySplit(text, out var number, out var unit, out var tooLarge))
        {
            problem = new Problem(place, $"'{text}' is not {What}", $"for example {Example}; {More}");
            return false;
        }

        if (unit.Length == 0 && !_plainAllowed)
        {
            problem = new Problem(place, $"'{text}' has no unit", $"expected {What}, for example {text.Trim()}{Example.TrimStart("0123456789.".ToCharArray())}; {More}");
            return false;
        }

        foreach (var (name, factor) in _units)
        {
            if (name == unit)
            {
                if (tooLarge || Math.Abs(number) > 1e24m / Math.Max(factor, 1))
                {
                    problem = new Problem(place, $"'{text}' is far too large", $"expected {What}, for example {Example}");
                    return false;
                }

                value = number * factor;
                return true;
            }
        }

        var known = string.Join(", ", _units.Select(u => u.Unit).Where(u => u.Length > 0));
        problem = new Problem(place, $"'{text}' has the unknown unit '{unit}'", $"known units are {known}");
        return false;
    }

    /// <summary>The value in the largest unit that keeps it exact and short.</summary>
    public string Show(decimal value)
    {
        var best = Text(value, _units[0]);
        foreach (var candidate in _units)
        {
            if (value != 0 && Math.Abs(value) >= candidate.Factor && candidate.Factor > 1 && Text(value, candidate) is var text && text.Length <= best.Length)
            {
                best = text;
            }
        }

        return best;
    }

    private static string Text(decimal value, (string Unit, decimal Factor) unit) =>
        (value / unit.Factor).ToString("0.############################", CultureInfo.InvariantCulture) + unit.Unit;
}
