using System.Globalization;
using System.Text;
using Foretoken.Quantities;

namespace Foretoken.Workloads.Traces.Input;

/// <summary>
/// Bad rows of one file: counts them, keeps their problems, and decides when there are too many. Only the first problems
/// are kept, so that a file that is wrong throughout costs no memory and gives a short message.
/// </summary>
internal sealed class RowProblems(string file, int tolerated)
{
    private const int Shown = 20;
    private const int Kept = 1000;
    private readonly List<Problem> _problems = [];
    private long _count;
    private bool _rowIsBad;

    /// <summary>Bad rows so far.</summary>
    public long BadRows { get; private set; }

    /// <summary>Whether more rows are bad than the user tolerates.</summary>
    public bool TooMany => BadRows > tolerated;

    /// <summary>Whether there are so many that looking for more helps nobody.</summary>
    public bool Hopeless => BadRows > tolerated + (long)Kept;

    /// <summary>Problems kept, in file order.</summary>
    public IReadOnlyList<Problem> Kepts => _problems;

    /// <summary>Whether the current row has a problem.</summary>
    public bool RowIsBad => _rowIsBad;

    /// <summary>Starts the next row.</summary>
    public void BeginRow() => _rowIsBad = false;

    /// <summary>Notes a problem of the current row. An empty <paramref name="field"/> stands for the whole row.</summary>
    public void Add(long line, string field, string message, string? fix = null)
    {
        if (!_rowIsBad)
        {
            _rowIsBad = true;
            BadRows++;
        }

        _count++;
        if (_problems.Count < Kept)
        {
            var place = line > 0 ? string.Create(CultureInfo.InvariantCulture, $"{file}:{line}") : file;
            _problems.Add(new(field.Length == 0 ? place : place + ": " + field, message, fix));
        }
    }

    /// <summary>The failure to throw once <see cref="TooMany"/>.</summary>
    public InputException Failure()
    {
        var shown = _problems.Take(Shown).ToList();
        if (_count > shown.Count)
        {
            var more = _count - shown.Count;
            shown.Add(new(file, string.Create(CultureInfo.InvariantCulture, $"{(Hopeless ? "at least " : "")}{more} more problem{(more == 1 ? "" : "s")}")));
        }

        if (tolerated > 0)
        {
            shown.Add(new("--skip-bad-lines", string.Create(CultureInfo.InvariantCulture,
                $"{tolerated} bad row{(tolerated == 1 ? " is" : "s are")} tolerated, {(Hopeless ? "at least " : "")}{BadRows} were found")));
        }

        return new InputException(shown);
    }

    /// <summary>A value from the file as it is shown in a message: on one line, at most 40 characters.</summary>
    public static string Show(ReadOnlySpan<byte> value)
    {
        const int most = 40;
        var cut = value.Length > most * 4 ? value[..(most * 4)] : value;
        var text = new StringBuilder();
        foreach (var c in Encoding.UTF8.GetString(cut))
        {
            if (text.Length == most)
            {
                return text.Append('…').ToString();
            }

            text.Append(char.IsControl(c) ? '·' : c);
        }

        return text.ToString();
    }
}
