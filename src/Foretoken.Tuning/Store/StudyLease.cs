using System.Collections.Concurrent;
using Foretoken.Quantities;
using Microsoft.Data.Sqlite;

namespace Foretoken.Tuning.Store;

/// <summary>The sole right to write one study. Safe for use by several threads; disposing leaves it to be resumed.</summary>
public sealed class StudyLease : IDisposable
{
    private readonly object _queueGate = new();
    private readonly object _writeGate = new();
    private readonly ConcurrentDictionary<EvaluationKey, Evaluation> _known = new();
    private readonly SqliteConnection _connection;
    private readonly SqliteCommand _insert;
    private readonly string _path;
    private readonly long _number;
    private readonly int _measures;
    private readonly StudyLock _lock;
    private readonly TimeProvider _clock;
    private readonly long _started;
    private List<Waiting> _queue = [];
    private bool _disposed;

    internal StudyLease(SqliteConnection connection, string path, long number, string id, int measures, List<Evaluation> known, double earlierSeconds, StudyLock taken, TimeProvider clock)
    {
        _connection = connection;
        _insert = EvaluationRow.Prepare(connection);
        _path = path;
        _number = number;
        _measures = measures;
        _lock = taken;
        _clock = clock;
        _started = clock.GetTimestamp();
        Id = id;
        EarlierSeconds = earlierSeconds;
        foreach (var evaluation in known)
        {
            _known[evaluation.Key] = evaluation;
        }
    }

    /// <summary>Its id, such as <c>chat-16xh100-3</c>.</summary>
    public string Id { get; }

    /// <summary>Time that earlier attempts took, seconds.</summary>
    public double EarlierSeconds { get; }

    /// <summary>Evaluations that it has, those of earlier attempts included.</summary>
    public int Count => _known.Count;

    /// <summary>The evaluation with a key, when there is one.</summary>
    public bool TryGet(EvaluationKey key, out Evaluation evaluation) => _known.TryGetValue(key, out evaluation!);

    /// <summary>
    /// Stores an evaluation; when this returns it is safe. Evaluations of other threads that come while one is being written
    /// are written together. The same evaluation again changes nothing.
    /// </summary>
    /// <exception cref="InputException">It cannot be stored (a full disk); what was stored before is safe.</exception>
    public void Add(Evaluation evaluation)
    {
        Invariant.That(evaluation.Key.Candidate is { Length: > 0 and <= 64 });
        Invariant.That(evaluation.Values.Length == _measures);
        if (_known.TryGetValue(evaluation.Key, out var before))
        {
            // A run that differs from itself is a bug that would quietly spoil every comparison.
            Invariant.That(before.Fingerprint == evaluation.Fingerprint);
            return;
        }

        var waiting = new Waiting(evaluation);
        lock (_queueGate)
        {
            _queue.Add(waiting);
        }

        // Whoever comes first writes for all that wait; the others find theirs done.
        lock (_writeGate)
        {
            if (!waiting.Done)
            {
                List<Waiting> group;
                lock (_queueGate)
                {
                    (group, _queue) = (_queue, []);
                }

                Write(group);
            }
        }

        if (waiting.Failure is { } failure)
        {
            // The thread that wrote may be another one: each throws its own.
            throw failure is InputException input ? new InputException(input.Problems) : new InvalidOperationException(failure.Message, failure);
        }
    }

    /// <summary>Keeps the best so far, in words, for those who look; and the time that passed.</summary>
    /// <exception cref="InputException">It cannot be stored.</exception>
    public void Note(string bestSoFar)
    {
        lock (_writeGate)
        {
            StoreFailure.Guard(_path, () => Update("best = $best, wall_seconds = $seconds", ("$best", bestSoFar), ("$seconds", Seconds())));
        }
    }

    /// <summary>Ends the study for good.</summary>
    /// <param name="resultJson">The result.</param>
    /// <param name="wallSeconds">Time that it took, all attempts together.</param>
    /// <exception cref="InputException">It cannot be stored; the study can then be resumed.</exception>
    public void Finish(string resultJson, double wallSeconds)
    {
        lock (_writeGate)
        {
            StoreFailure.Guard(_path, () => Update("finished = $finished, wall_seconds = $seconds, result = $result, owner = NULL", ("$finished", StudyRow.Text(_clock.GetUtcNow())), ("$seconds", wallSeconds), ("$result", StudyRow.Pack(resultJson))));
            Close(_lock.Remove);
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        lock (_writeGate)
        {
            if (_disposed)
            {
                return;
            }

            try
            {
                Update("wall_seconds = $seconds, owner = NULL", ("$seconds", Seconds()));
            }
            catch (SqliteException)
            {
                // Only the time is lost; an error that matters is on its way to the user already.
            }

            Close(_lock.Dispose);
        }
    }

    private double Seconds() => EarlierSeconds + _clock.GetElapsedTime(_started).TotalSeconds;

    private void Close(Action release)
    {
        _disposed = true;
        _insert.Dispose();
        _connection.Dispose();
        release();
    }

    private void Write(List<Waiting> group)
    {
        Exception? failure = null;
        try
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            StoreFailure.Guard(_path, () =>
            {
                using var transaction = _connection.BeginTransaction(deferred: false);
                _insert.Transaction = transaction;
                foreach (var waiting in group)
                {
                    EvaluationRow.Fill(_insert, _number, waiting.Evaluation);
                    _insert.ExecuteNonQuery();
                }

                transaction.Commit();
            });
        }
        catch (Exception e)
        {
            failure = e;
        }

        foreach (var waiting in group)
        {
            if (failure is null)
            {
                _known.TryAdd(waiting.Evaluation.Key, waiting.Evaluation);
            }

            waiting.Failure = failure;
            waiting.Done = true;
        }
    }

    private void Update(string what, params ReadOnlySpan<(string Name, object Value)> values)
    {
        using var command = _connection.CreateCommand();
        command.CommandText = $"UPDATE studies SET {what} WHERE number = $number";
        command.Parameters.AddWithValue("$number", _number);
        foreach (var (name, value) in values)
        {
            command.Parameters.AddWithValue(name, value);
        }

        command.ExecuteNonQuery();
    }

    /// <summary>An evaluation on its way into the store.</summary>
    private sealed class Waiting(Evaluation evaluation)
    {
        public Evaluation Evaluation { get; } = evaluation;

        public bool Done { get; set; }

        public Exception? Failure { get; set; }
    }
}
