using Foretoken.Quantities;

namespace Foretoken.Workloads.Traces;

/// <summary>
/// Writes a trace row by row. Nothing stands under the file's name before <see cref="Complete"/>; disposing without it leaves
/// no trace of the attempt.
/// </summary>
public interface ITraceWriter : IDisposable
{
    /// <summary>The format that is being written.</summary>
    TraceFormat Format { get; }

    /// <summary>
    /// What the rows had and the format cannot say, in words ("hash ids in 12 rows"). The user must be told. Complete after
    /// <see cref="Complete"/>.
    /// </summary>
    IReadOnlyList<string> Losses { get; }

    /// <summary>Rows written so far.</summary>
    long Rows { get; }

    /// <summary>Writes one row.</summary>
    /// <exception cref="InputException">The format cannot hold the row at all (it needs an arrival time and the row has none), or the disk fails.</exception>
    void Write(TraceRecord record);

    /// <summary>Finishes the file and puts it under its name.</summary>
    /// <exception cref="InputException">No row was written, or the disk fails.</exception>
    void Complete();
}
