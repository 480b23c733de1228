<?php
$path = parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
switch (true) {
    case $path === '/api/items':
        header('Content-Type: application/json');
        if ($_SERVER['REQUEST_METHOD'] === 'POST') {
            http_response_code(201);
            echo json_encode($_POST ?: json_decode(file_get_contents('php://input')));
        } else {
            echo '[{"id":1}]';
        }
        break;
    case str_starts_with((string) $path, '/api/items/'):
        if ($_SERVER['REQUEST_METHOD'] === 'DELETE') {
            http_response_code(204);
        } else {
            header('Content-Type: application/json');
            echo '{"id":1}';
        }
        break;
    case $path === '/private':
        if (!isset($_SERVER['PHP_AUTH_USER'])) {
            header('WWW-Authenticate: Basic realm="shop"');
            http_response_code(401);
        }
        echo 'x';
        break;
    case $path === '/error':
        throw new RuntimeException('shop is closed');
    case $path === '/redirect':
        header('Location: /api/items');
        break;
    case $path === '/cookie':
        session_start();
        setcookie('lang', 'de');
        echo 'ok';
        break;
    default:
        return false;
}
