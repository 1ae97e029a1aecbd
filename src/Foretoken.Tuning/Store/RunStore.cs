using System.Globalization;
using Foretoken.Quantities;
using Foretoken.Twin.Scenarios.Fields;
using Microsoft.Data.Sqlite;

namespace Foretoken.Tuning.Store;

/// <summary>
/// Studies and their evaluations in a folder, kept against whatever ends the process. Several processes may use one store at
/// the same time; one study belongs to one process at a time. Safe for use by several threads.
/// </summary>
public sealed class RunStore : IDisposable
{
    private readonly object _gate = new();
    private readonly SqliteConnection _connection;
    private readonly string _folder;
    private readonly string _path;
    private readonly TimeProvider _clock;
    private readonly long _pagesMax;

    private RunStore(SqliteConnection connection, string folder, TimeProvider clock, long pagesMax)
    {
        _connection = connection;
        _folder = folder;
        _path = Path.Combine(folder, StoreFile.Name);
        _clock = clock;
        _pagesMax = pagesMax;
    }

    /// <summary>Opens the store in a folder; both are made if they are not there.</summary>
    /// <exception cref="InputException">The folder cannot be written, or what lies there is no store of this version.</exception>
    public static RunStore Open(string folder) => Open(folder, TimeProvider.System);

    internal static RunStore Open(string folder, TimeProvider clock, long pagesMax = 0)
    {
        StoreFailure.Guard(folder, () => Directory.CreateDirectory(folder));
        return new RunStore(StoreFile.Open(Path.Combine(folder, StoreFile.Name), pagesMax), folder, clock, pagesMax);
    }

    /// <summary>Opens a store to look at it (<see cref="List"/> and <see cref="Read"/>); it may lie where nothing can be written.</summary>
    /// <exception cref="InputException">There is none, or it is no store of this version.</exception>
    public static RunStore OpenForReading(string folder) =>
        new(StoreFile.OpenForReading(Path.Combine(folder, StoreFile.Name)), folder, TimeProvider.System, 0);

    /// <summary>Begins a new study.</summary>
    /// <exception cref="InputException">It cannot be stored.</exception>
    public StudyLease Begin(StudyHeader header)
    {
        lock (_gate)
        {
            return StoreFailure.Guard(_path, () =>
            {
                StoreFile.CheckPages(_connection, _path);
                StudyLock? taken = null;
                try
                {
                    using var transaction = _connection.BeginTransaction(deferred: false);
                    var id = NextId(header.Name);
                    taken = StudyLock.TryTake(_folder, id)
                        ?? throw new InputException(Path.Combine(_folder, id + ".lock"), "is locked, though no study has this id yet", "see which program holds it");
                    var number = StudyRow.Insert(_connection, id, header, _clock.GetUtcNow(), Owner());
                    transaction.Commit();
                    return Lease(number, id, header, [], 0, taken);
                }
                catch
                {
                    taken?.Remove();
                    throw;
                }
            });
        }
    }

    /// <summary>Goes on with a study that was interrupted; its evaluations are there already.</summary>
    /// <param name="id">Its id; null for the newest unfinished one with the same hash.</param>
    /// <param name="header">What the study is now; must be what it was.</param>
    /// <exception cref="InputException">There is none, it is another study, it is finished, or another process works on it.</exception>
    public StudyLease Resume(string? id, StudyHeader header)
    {
        lock (_gate)
        {
            return StoreFailure.Guard(_path, () =>
            {
                StoreFile.CheckPages(_connection, _path);
                var row = id is null ? Newest(header) : Find(id);
                if (row.Header.StudyHash != header.StudyHash)
                {
                    throw new InputException(row.Id, $"is another study: {StudyDifference.Describe(row.Header, header)}", "give it what it was begun with, or begin a new study without --resume");
                }

                var taken = StudyLock.TryTake(_folder, row.Id)
                    ?? throw new InputException(row.Id, $"{Find(row.Id).Owner ?? "another process"} is working on it", "wait for it or end it; nothing was changed");
                try
                {
                    // Only now does it hold still: the other process may have finished it in between.
                    row = Find(row.Id);
                    if (row.Finished is { } finished)
                    {
                        taken.Remove();
                        throw new InputException(row.Id, $"was finished at {StudyRow.Text(finished)}", $"look at it with 'foretoken runs show {row.Id}', or begin a new study without --resume");
                    }

                    var known = Evaluations(row);
                    Own(row.Number);
                    return Lease(row.Number, row.Id, row.Header, known, row.WallSeconds, taken);
                }
                catch
                {
                    taken.Dispose();
                    throw;
                }
            });
        }
    }

    /// <summary>Every study, oldest first.</summary>
    public IReadOnlyList<StudyInfo> List()
    {
        lock (_gate)
        {
            return StoreFailure.Guard(_path, () =>
            {
                var studies = new List<StudyInfo>();
                foreach (var row in StudyRow.Read(_connection, _path))
                {
                    studies.Add(Info(row, Count(row.Number)));
                }

                return studies;
            });
        }
    }

    /// <summary>Everything about one study.</summary>
    /// <exception cref="InputException">There is none with this id.</exception>
    public StoredStudy Read(string id)
    {
        lock (_gate)
        {
            return StoreFailure.Guard(_path, () =>
            {
                var row = Find(id);
                var evaluations = Evaluations(row);
                return new StoredStudy(Info(row, evaluations.Count), row.Header, evaluations, StudyRow.ReadResult(_connection, row.Number, _path));
            });
        }
    }

    /// <inheritdoc />
    public void Dispose() => _connection.Dispose();

    private StudyLease Lease(long number, string id, StudyHeader header, List<Evaluation> known, double earlierSeconds, StudyLock taken) =>
        new(StoreFile.Open(_path, _pagesMax), _path, number, id, header.Measures.Count, known, earlierSeconds, taken, _clock);

    private StudyInfo Info(StudyRow row, long evaluations)
    {
        var running = row.Finished is null && StudyLock.IsTaken(_folder, row.Id);
        var state = row.Finished is not null ? StudyState.Finished : running ? StudyState.Running : StudyState.Interrupted;
        return new StudyInfo(row.Id, row.Header.Name, state, evaluations, row.Begun, row.Finished, row.WallSeconds, row.Best, running ? row.Owner : null);
    }

    private StudyRow Newest(StudyHeader header)
    {
        StudyRow? newest = null, nearest = null;
        foreach (var row in StudyRow.Read(_connection, _path))
        {
            if (row.Header.StudyHash == header.StudyHash)
            {
                newest = row.Finished is null ? row : newest;
                nearest = row;
            }
            else if (row.Header.Name == header.Name && row.Finished is null && nearest?.Header.StudyHash != header.StudyHash)
            {
                nearest = row;
            }
        }

        if (newest is not null)
        {
            return newest;
        }

        var why = nearest is null ? ""
            : nearest.Header.StudyHash == header.StudyHash ? $"; {nearest.Id} is the same study and finished"
            : $"; {nearest.Id} is unfinished, but another study: {StudyDifference.Describe(nearest.Header, header)}";
        throw new InputException(_path, $"has no unfinished study like this one{why}", "begin it without --resume");
    }

    private StudyRow Find(string id)
    {
        if (StudyRow.Read(_connection, _path, id) is [var row])
        {
            return row;
        }

        var ids = new List<string>();
        foreach (var other in StudyRow.Read(_connection, _path))
        {
            ids.Add(other.Id);
        }

        var fix = NearestName.Find(id, ids) is { } near ? $"did you mean {near}?" : ids.Count == 0 ? "it has none at all" : "'foretoken runs list' names them";
        throw new InputException(_path, $"has no study '{id}'", fix);
    }

    private string NextId(string name)
    {
        var stem = StudyId.Stem(name);
        long last = 0;
        foreach (var row in StudyRow.Read(_connection, _path))
        {
            if (row.Id.StartsWith(stem + "-", StringComparison.Ordinal) && long.TryParse(row.Id.AsSpan(stem.Length + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            {
                last = Math.Max(last, number);
            }
        }

        return string.Create(CultureInfo.InvariantCulture, $"{stem}-{last + 1}");
    }

    private void Own(long number)
    {
        using var command = _connection.CreateCommand();
        command.CommandText = "UPDATE studies SET owner = $owner WHERE number = $number";
        command.Parameters.AddWithValue("$owner", Owner());
        command.Parameters.AddWithValue("$number", number);
        command.ExecuteNonQuery();
    }

    private static string Owner() => string.Create(CultureInfo.InvariantCulture, $"process {Environment.ProcessId} on {Environment.MachineName}");

    private List<Evaluation> Evaluations(StudyRow row)
    {
        using var command = _connection.CreateCommand();
        command.CommandText = EvaluationRow.Select;
        command.Parameters.AddWithValue("$study", row.Number);
        using var reader = command.ExecuteReader();
        var evaluations = new List<Evaluation>();
        while (reader.Read())
        {
            evaluations.Add(EvaluationRow.Read(reader, row.Header.Measures.Count, _path));
        }

        return evaluations;
    }

    private long Count(long number)
    {
        using var command = _connection.CreateCommand();
        command.CommandText = "SELECT count(*) FROM evaluations WHERE study = $study";
        command.Parameters.AddWithValue("$study", number);
        return Convert.ToInt64(command.ExecuteScalar(), CultureInfo.InvariantCulture);
    }
}
